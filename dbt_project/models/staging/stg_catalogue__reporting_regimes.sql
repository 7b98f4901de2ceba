-- One row per reporting calendar while it is valid. Grain: regime_id, valid_from.
with

source as (

    select * from {{ source('catalogue', 'reporting_regimes') }}

),

renamed as (

    select

        regime_id,
        regime_name,
        last_day,
        due_day,
        due_time,
        is_default,
        cast(valid_from as date) as valid_from,
        coalesce(try_cast(nullif(valid_to, '') as date), date '9999-12-31') as valid_to

    from source

)

select * from renamed
