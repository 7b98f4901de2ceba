-- One row per province, district or commune while it is valid. Grain: area_code, valid_from.
with

source as (

    select * from {{ source('catalogue', 'areas') }}

),

renamed as (

    select

        area_code,
        nullif(parent_code, '') as parent_code,
        area_level,
        area_type,
        area_name,
        short_name,
        cast(valid_from as date) as valid_from,
        coalesce(try_cast(nullif(valid_to, '') as date), date '9999-12-31') as valid_to

    from source

)

select * from renamed
