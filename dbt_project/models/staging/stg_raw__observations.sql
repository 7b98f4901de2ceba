-- One row per figure as it stands in a submission, with its place. Grain: observation_id, receipt_id.
with

source as (

    select * from {{ source('raw', 'observations') }}

),

renamed as (

    select

        ---------- ids
        observation_id,
        submitter_id,
        area_code,
        indicator_id,
        receipt_id,

        ---------- months
        period,
        report_period,

        ---------- the figure as read
        value as reported_value,
        unit_code,
        obs_status,
        qualifier,
        printed_decimals,
        is_reported_total,

        ---------- place
        message,
        file,
        sheet,
        cell,
        raw_text,
        row_label,
        column_label,

        ---------- use
        use_status

    from source

)

select * from renamed
