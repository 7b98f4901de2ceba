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
        period,
        indicator_id,
        definition_id,
        value_exact,
        qualifier,
        source_ids,
        missing
    from {{ ref('int_figures_derived') }}

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
