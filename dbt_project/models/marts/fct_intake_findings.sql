-- What was not understood, not usable or odd on arrival; the same thing said twice is said once.
-- Grain: intake_finding_id, which is made of every column: two rows that differ in anything have two ids.
with

said as (

    select distinct *
    from {{ ref('stg_raw__intake_findings') }}

),

lost as (

    select * from {{ ref('int_intake_findings_lost') }}

)

select
    left(
        sha256(concat_ws(
            chr(31), coalesce(said.receipt_id, ''), said.period, coalesce(said.submitter_id, ''),
            coalesce(said.message, ''), coalesce(said.file, ''), coalesce(said.sheet, ''), coalesce(said.cell, ''),
            said.kind, said.severity, said.message_vi, coalesce(said.remedy_vi, ''), coalesce(said.raw_text, ''),
            said.is_loss
        )), 16
    ) as intake_finding_id,
    said.period,
    said.submitter_id,
    said.receipt_id,
    said.message,
    said.file,
    said.sheet,
    said.cell,
    said.kind,
    said.severity,
    said.message_vi,
    said.remedy_vi,
    said.raw_text,
    said.is_loss and lost.receipt_id is not null as is_lost
from said
left join lost on said.receipt_id = lost.receipt_id
