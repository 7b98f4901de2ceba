-- One row per thing not understood, not usable or odd. Grain: one row per finding, no key.
with

source as (

    select * from {{ source('raw', 'intake_findings') }}

),

renamed as (

    select

        period,
        submitter_id,
        receipt_id,
        message,
        file,
        sheet,
        cell,
        kind,
        severity,
        message_vi,
        remedy_vi,
        raw_text,
        is_loss

    from source

)

select * from renamed
