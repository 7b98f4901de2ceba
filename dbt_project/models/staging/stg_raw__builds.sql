-- The build itself: which period was asked for. Grain: one row.
with

source as (

    select * from {{ source('raw', 'builds') }}

),

renamed as (

    select

        build_id,
        period,
        inputs_sha256,
        readings_sha256

    from source

)

select * from renamed
