-- Every decision with what it does to this build. Grain: decision_id.
-- A correction is bound to the value it replaces and a supplied figure to nobody having sent it: when the
-- figures move, the decision ends by itself and says so here. Which decisions hold otherwise comes with them
-- (infra/standing.py).
with

decisions as (

    select * from {{ ref('stg_raw__decisions') }}

),

observations as (

    select * from {{ ref('int_observations_keyed') }}

),

addressed as (

    select
        *,
        case when kind = 'supply' then split_part(target, '/', 1) else period end as target_period,
        case when kind = 'supply' then split_part(target, '/', 2) end as target_submitter_id,
        case when kind = 'supply' then split_part(target, '/', 3) end as target_area_code,
        case when kind = 'supply' then split_part(target, '/', 4) end as target_indicator_id
    from decisions

),

sent as (

    select distinct
        period,
        submitter_id,
        area_code,
        indicator_id
    from observations
    where is_in_force and reported_value is not null and period = report_period

)

select
    addressed.decision_id,
    addressed.kind,
    addressed.period,
    addressed.target,
    addressed.value,
    addressed.value_text,
    addressed.reason,
    addressed.person,
    addressed.decided_at,
    addressed.expires_at,
    addressed.target_period,
    addressed.target_submitter_id,
    addressed.target_area_code,
    addressed.target_indicator_id,
    case
        when addressed.standing = 'withdrawn' then 'withdrawn'
        when addressed.kind in ('waive', 'release', 'refuse', 'withdraw') then 'recorded'
        when addressed.standing = 'replaced' then 'replaced'
        when addressed.kind = 'supply' and sent.period is not null then 'ended'
        when addressed.kind = 'supply' then 'in_force'
        when targets.observation_id is null then 'without_object'
        when not targets.is_in_force then 'ended'
        when addressed.basis_value = targets.reported_value then 'in_force'
        when addressed.basis_value is null and targets.reported_value is null then 'in_force'
        else 'ended'
    end as decision_status
from addressed
left join observations as targets
    on addressed.kind = 'correct' and addressed.target = targets.observation_id
left join sent
    on
        addressed.target_period = sent.period
        and addressed.target_submitter_id = sent.submitter_id
        and addressed.target_area_code = sent.area_code
        and addressed.target_indicator_id = sent.indicator_id
