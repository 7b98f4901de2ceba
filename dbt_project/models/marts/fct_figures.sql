-- The provincial figure of every indicator, every month. Grain: period, indicator_id.
-- Rounded once, here, at the very end; formulas used the exact values.
with

figures as (

    select
        period,
        indicator_id,
        definition_id,
        cast(value as decimal(38, 10)) as value_exact,
        qualifier,
        source_ids,
        missing
    from {{ ref('int_figures_summed') }}

    union all

    select
        derived.period,
        derived.indicator_id,
        case when stated.indicator_id is null then derived.definition_id else 'stated_total' end as definition_id,
        coalesce(stated.value_exact, derived.value_exact) as value_exact,
        derived.qualifier,
        derived.source_ids,
        case when stated.indicator_id is null then derived.missing else [] end as missing
    from {{ ref('int_figures_derived') }} as derived
    left join {{ ref('int_totals_stated') }} as stated
        on
            derived.period = stated.period
            and derived.indicator_id = stated.indicator_id
            and len(derived.missing) > 0

)

select
    figures.period,
    figures.indicator_id,
    {{ round_half_up('figures.value_exact', 'indicators.decimals') }} as value,
    figures.value_exact,
    indicators.unit,
    case when figures.value_exact is null then '' else figures.qualifier end as qualifier,
    indicators.decimals,
    case
        when figures.value_exact is null then 'not_reported'
        when len(figures.missing) > 0 then 'incomplete'
        else 'complete'
    end as completeness,
    len(figures.source_ids) as n_sources,
    len(figures.missing) as n_missing,
    figures.missing,
    figures.definition_id,
    periods.is_stated
from figures
inner join {{ ref('int_periods_received') }} as periods on figures.period = periods.period
inner join {{ ref('stg_catalogue__indicators') }} as indicators
    on
        figures.indicator_id = indicators.indicator_id
        and periods.last_date between indicators.valid_from and indicators.valid_to
