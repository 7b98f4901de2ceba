-- What each derived figure rests on in the end, through formulas of formulas.
-- `is_sum`: plain addition all the way, so that it also holds for a district or a submitter.
-- Grain: period, indicator_id, input_id, input_path (an input that counts twice has two rows).
with recursive

periods as (

    select * from {{ ref('int_periods_received') }}

),

edges as (

    select
        periods.period,
        definitions.indicator_id,
        definitions.definition_id,
        definitions.is_sum,
        unnest(definitions.input_ids) as input_id
    from periods
    inner join {{ ref('stg_raw__definitions') }} as definitions
        on
            not definitions.is_register
            and periods.last_date between definitions.valid_from and definitions.valid_to

),

expanded as (

    select
        period,
        indicator_id,
        definition_id,
        is_sum,
        input_id,
        indicator_id || ' > ' || input_id as input_path
    from edges

    union all

    select
        expanded.period,
        expanded.indicator_id,
        expanded.definition_id,
        expanded.is_sum and edges.is_sum as is_sum,
        edges.input_id,
        expanded.input_path || ' > ' || edges.input_id as input_path
    from expanded
    inner join edges on expanded.period = edges.period and expanded.input_id = edges.indicator_id

)

select expanded.*
from expanded
where not exists (
    select 1 from edges
    where edges.period = expanded.period and edges.indicator_id = expanded.input_id
)
