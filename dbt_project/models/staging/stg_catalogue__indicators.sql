-- One row per indicator while it is valid. Grain: indicator_id, valid_from.
with

source as (

    select * from {{ source('catalogue', 'indicators') }}

),

renamed as (

    select

        indicator_id,
        section,
        print_order,
        label_vi,
        label_en,
        unit,
        indicator_kind,
        decimals,
        aggregation,
        is_printed,
        lower_bound,
        upper_bound,
        cast(valid_from as date) as valid_from,
        coalesce(try_cast(nullif(valid_to, '') as date), date '9999-12-31') as valid_to

    from source

)

select * from renamed
