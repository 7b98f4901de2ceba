-- What was not understood, not usable or odd on arrival; the same thing said twice is said once.
-- Grain: intake_finding_id.
select distinct
    left(sha256(concat_ws('|', receipt_id, period, submitter_id, file, sheet, cell, kind, message_vi)), 16)
        as intake_finding_id,
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
