-- One row per readable thing inside a receipt. Grain: receipt_id, file.
with

source as (

    select * from {{ source('raw', 'documents') }}

),

renamed as (

    select

        receipt_id,
        message,
        file,
        sha256,
        size as size_bytes,
        media_type

    from source

)

select * from renamed
