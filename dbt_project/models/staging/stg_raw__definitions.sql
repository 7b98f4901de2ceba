-- One row per current formula, compiled to SQL, in the order of calculation. Grain: position.
with

source as (

    select * from {{ source('raw', 'definitions') }}

),

renamed as (

    select

        position,
        indicator_id,
        definition_id,
        expression,
        sql_text,
        inputs as input_ids,
        is_sum,
        is_register,
        cast(valid_from as date) as valid_from,
        coalesce(try_cast(nullif(valid_to, '') as date), date '9999-12-31') as valid_to

    from source

)

select * from renamed
