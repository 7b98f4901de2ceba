-- One row per message or loose file, as it came in. Grain: receipt_id.
with

source as (

    select * from {{ source('raw', 'receipts') }}

),

renamed as (

    select

        ---------- ids
        receipt_id,
        submitter_id,
        supersedes as supersedes_receipt_id,

        ---------- what came
        period,
        message,
        sender_address,
        subject,
        sha256,

        ---------- what became of it
        status as receipt_status,
        reason_vi,

        ---------- ISO 8601 text with offset, as received
        sent_at,
        received_at

    from source

)

select * from renamed
