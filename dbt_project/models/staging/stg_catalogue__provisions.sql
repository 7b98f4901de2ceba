-- One row per agreement on who provides which figure. Grain: provider, indicator_id, valid_from.
with

source as (

    select * from {{ source('catalogue', 'provisions') }}

),

renamed as (

    select

        provider,
        indicator_id,
        detail as provision_detail,
        role as provision_role,
        cast(valid_from as date) as valid_from,
        coalesce(try_cast(nullif(valid_to, '') as date), date '9999-12-31') as valid_to

    from source

)

select * from renamed
