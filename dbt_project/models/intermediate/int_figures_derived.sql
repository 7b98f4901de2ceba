-- Provincial figures calculated from others by the current formulas. Grain: period, indicator_id.
with

summed as (

    select * from {{ ref('int_figures_summed') }}

),

periods as (

    select * from {{ ref('int_periods_received') }}

),

references_in_force as (

    select
        periods.period,
        periods.last_date,
        reference_figures.reference_id as input_id,
        reference_figures.value
    from periods
    inner join {{ ref('stg_catalogue__reference_figures') }} as reference_figures
        on periods.last_date between reference_figures.valid_from and reference_figures.valid_to
    where reference_figures.reference_id not in (select summed.indicator_id from summed)

),

inputs as (

    select
        period,
        last_date,
        indicator_id as input_id,
        value
    from summed

    union all

    select * from references_in_force

),

calculated as (

    {{ derived_figures('inputs') }}

),

rested_on as (

    select
        expanded.period,
        expanded.indicator_id,
        {{ combine_qualifiers('summed.qualifier') }} as qualifier,
        bool_and(expanded.is_sum) as is_sum,
        list_sort(list_distinct(flatten(list(coalesce(summed.source_ids, []))))) as source_ids,
        list_sort(list_distinct(flatten(list(
            case
                when inputs.value is null and len(coalesce(summed.missing, [])) = 0 then [expanded.input_id]
                else coalesce(summed.missing, [])
            end
        )))) as missing
    from {{ ref('int_definitions_expanded') }} as expanded
    left join inputs on expanded.period = inputs.period and expanded.input_id = inputs.input_id
    left join summed on expanded.period = summed.period and expanded.input_id = summed.indicator_id
    group by all

)

select
    calculated.period,
    calculated.indicator_id,
    calculated.definition_id,
    calculated.value_exact,
    case when rested_on.is_sum or rested_on.qualifier = '' then rested_on.qualifier else 'approx' end as qualifier,
    rested_on.source_ids,
    rested_on.missing
from calculated
inner join rested_on
    on calculated.period = rested_on.period and calculated.indicator_id = rested_on.indicator_id
