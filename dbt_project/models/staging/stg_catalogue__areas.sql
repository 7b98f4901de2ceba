-- One row per province, district or commune while it is valid. Grain: area_code, valid_from.
-- `is_local`: directly below the province, by which figures are broken down: districts until June 2025, since then
-- communes and wards.
with

source as (

    select * from {{ source('catalogue', 'areas') }}

),

renamed as (

    select

        area_code,
        nullif(parent_code, '') as parent_code,
        area_level,
        parent_code in (
            select provinces.area_code from source as provinces
            where provinces.area_level = 'province'
        ) as is_local,
        area_type,
        area_name,
        short_name,
        cast(valid_from as date) as valid_from,
        coalesce(try_cast(nullif(valid_to, '') as date), date '9999-12-31') as valid_to

    from source

)

select * from renamed
