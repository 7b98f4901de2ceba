-- Every cell behind each provincial figure, through formulas too. Grain: period, indicator_id, observation_id.
with

counted as (

    select
        period,
        indicator_id,
        observation_id
    from {{ ref('int_observations_classified') }}
    where use_in_total = 'counted' and provision_role in ('source', 'optional')

)

select
    period,
    indicator_id,
    observation_id
from counted

union

select
    expanded.period,
    expanded.indicator_id,
    counted.observation_id
from {{ ref('int_definitions_expanded') }} as expanded
inner join counted on expanded.period = counted.period and expanded.input_id = counted.indicator_id

union

select
    stated.period,
    stated.indicator_id,
    unnest(stated.observation_ids) as observation_id
from {{ ref('int_totals_stated') }} as stated
