-- What was not understood, not usable or odd on arrival; the same thing said twice is said once.
-- Grain: intake_finding_id, which is made of every column: two rows that differ in anything have two ids.
select distinct
    left(sha256(concat_ws(
        chr(31), coalesce(receipt_id, ''), period, coalesce(submitter_id, ''), coalesce(message, ''), coalesce(file, ''), coalesce(sheet, ''),
        coalesce(cell, ''), kind, severity, message_vi, coalesce(remedy_vi, ''), coalesce(raw_text, '')
    )), 16) as intake_finding_id,
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
    raw_text
from {{ ref('stg_raw__intake_findings') }}
