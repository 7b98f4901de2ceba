-- All observations with the decisions in force applied, and supplied figures as rows of their own.
-- What was read stays in reported_value; only `value` follows the decision. Grain: observation_id.
with

observations as (

    select * from {{ ref('int_observations_keyed') }}

),

decisions as (

    select * from {{ ref('int_decisions_resolved') }}
    where decision_status = 'in_force'

),

indicators as (

    select * from {{ ref('stg_catalogue__indicators') }}

),

units as (

    select * from {{ ref('stg_catalogue__units') }}

),

corrected as (

    select
        observations.* exclude (obs_status, printed_decimals),
        decisions.decision_id,
        case when decisions.decision_id is null then observations.reported_value else decisions.value end as value,
        case
            when decisions.decision_id is null then observations.obs_status
            when decisions.value is null then 'O'
            when observations.obs_status in ('O', 'L', 'M') then 'A'
            else observations.obs_status
        end as obs_status,
        case
            when decisions.decision_id is null then observations.printed_decimals
            else length(split_part(decisions.value_text, '.', 2))
        end as printed_decimals
    from observations
    left join decisions
        on decisions.kind = 'correct' and observations.observation_id = decisions.target

),

supplied as (

    select
        left(sha256('supply/' || decisions.decision_id), 16) as observation_id,
        decisions.target_submitter_id as submitter_id,
        decisions.target_area_code as area_code,
        decisions.target_indicator_id as indicator_id,
        '' as receipt_id,
        decisions.target_period as period,
        decisions.target_period as report_period,
        cast(null as decimal(28, 6)) as reported_value,
        coalesce(units.unit_code, '') as unit_code,
        '' as qualifier,
        false as is_reported_total,
        '' as message,
        '(decision)' as file,
        '' as sheet,
        decisions.decision_id as cell,
        decisions.value_text as raw_text,
        '' as row_label,
        '' as column_label,
        'in_force' as use_status,
        cast(null as bigint) as nth_arrival,
        true as is_in_force,
        decisions.decision_id,
        decisions.value,
        'A' as obs_status,
        length(split_part(decisions.value_text, '.', 2)) as printed_decimals
    from decisions
    left join indicators
        on
            decisions.target_indicator_id = indicators.indicator_id
            and last_day(cast(decisions.target_period || '-01' as date))
            between indicators.valid_from and indicators.valid_to
    left join units on indicators.unit = units.unit_text
    where decisions.kind = 'supply'

),

together as (

    select * from corrected

    union all by name

    select * from supplied

)

select
    *,
    decision_id is not null as is_corrected
from together
