-- Every decision with its state in this build. Grain: decision_id.
select
    decision_id,
    kind,
    period,
    target,
    value_text as value,
    reason,
    person,
    decided_at,
    expires_at,
    decision_status
from {{ ref('int_decisions_resolved') }}
