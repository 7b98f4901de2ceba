-- One row per unit as written, with the code it stands for. Grain: unit_text.
with

source as (

    select * from {{ source('catalogue', 'units') }}

),

renamed as (

    select

        unit_text,
        unit_code

    from source

)

select * from renamed
