-- One row per dated figure of the unit dimension. Grain: reference_id, valid_from.
with

source as (

    select * from {{ source('catalogue', 'reference_figures') }}

),

renamed as (

    select

        reference_id,
        value,
        unit,
        cast(valid_from as date) as valid_from,
        coalesce(try_cast(nullif(valid_to, '') as date), date '9999-12-31') as valid_to

    from source

)

select * from renamed
