-- One row per reporting unit while it is valid. Grain: submitter_id, valid_from.
with

source as (

    select * from {{ source('catalogue', 'submitters') }}

),

renamed as (

    select

        submitter_id,
        submitter_name,
        submitter_kind,
        area_code,
        cast(valid_from as date) as valid_from,
        coalesce(try_cast(nullif(valid_to, '') as date), date '9999-12-31') as valid_to

    from source

)

select * from renamed
