-- The place of each receipt in the order of arrival, as flows/receipts.py says. Grain: receipt_id.
with

source as (

    select * from {{ source('raw', 'arrivals') }}

),

renamed as (

    select

        receipt_id,
        nth

    from source

)

select * from renamed
