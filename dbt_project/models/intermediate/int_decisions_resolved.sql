-- Every decision with what it does to this build. Grain: decision_id.
-- A correction is bound to the value it replaces and a supplied figure to nobody having sent it: when the
-- figures move, the decision ends by itself and says so here.
with

decisions as (

    select * from {{ ref('stg_raw__decisions') }}

),

observations as (

    select * from {{ ref('int_observations_keyed') }}

),

withdrawals as (

    select
        decision_id,
        target
    from decisions
    where kind = 'withdraw'

),

-- A withdrawal may itself be withdrawn.
withdrawn as (

    select withdrawals.target as decision_id
    from withdrawals
    left join withdrawals as second_thoughts on withdrawals.decision_id = second_thoughts.target
    where second_thoughts.decision_id is null

),

addressed as (

    select
        *,
        decision_id in (select withdrawn.decision_id from withdrawn) as is_withdrawn,
        case when kind = 'supply' then split_part(target, '/', 1) else period end as target_period,
        case when kind = 'supply' then split_part(target, '/', 2) end as target_submitter_id,
        case when kind = 'supply' then split_part(target, '/', 3) end as target_area_code,
        case when kind = 'supply' then split_part(target, '/', 4) end as target_indicator_id
    from decisions

),

ranked as (

    select
        *,
        row_number() over (
            partition by kind, target, is_withdrawn
            order by decided_at desc, decision_id desc
        ) as nth_latest
    from addressed

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
    ranked.decision_id,
    ranked.kind,
    ranked.period,
    ranked.target,
    ranked.value,
    ranked.value_text,
    ranked.reason,
    ranked.person,
    ranked.decided_at,
    ranked.expires_at,
    ranked.target_period,
    ranked.target_submitter_id,
    ranked.target_area_code,
    ranked.target_indicator_id,
    case
        when ranked.is_withdrawn then 'withdrawn'
        when ranked.kind in ('waive', 'release', 'refuse', 'withdraw') then 'recorded'
        when ranked.nth_latest > 1 then 'replaced'
        when ranked.kind = 'supply' and sent.period is not null then 'ended'
        when ranked.kind = 'supply' then 'in_force'
        when targets.observation_id is null then 'without_object'
        when not targets.is_in_force then 'ended'
        when ranked.basis_value = targets.reported_value then 'in_force'
        when ranked.basis_value is null and targets.reported_value is null then 'in_force'
        else 'ended'
    end as decision_status
from ranked
left join observations as targets
    on ranked.kind = 'correct' and ranked.target = targets.observation_id
left join sent
    on
        ranked.target_period = sent.period
        and ranked.target_submitter_id = sent.submitter_id
        and ranked.target_area_code = sent.area_code
        and ranked.target_indicator_id = sent.indicator_id
