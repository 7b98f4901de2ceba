-- The report's figures in print order, with the month before, the change and the year to date.
-- Flows add up over months, stocks and ratios do not. Grain: period, indicator_id.
-- Across a break in the series nothing is subtracted or added: the status says B (int_series).
with

figures as (

    select * from {{ ref('fct_figures') }}

),

periods as (

    select * from {{ ref('int_periods_received') }}

),

series as (

    select * from {{ ref('int_series') }}

),

indicators as (

    select * from {{ ref('dim_indicators') }}

),

years as (

    select
        periods.period,
        figures.indicator_id,
        cast(sum(figures.value) as decimal(28, 6)) as year_to_date,
        count(figures.value) as year_to_date_months,
        bool_and(figures.completeness = 'complete') as is_year_complete
    from periods
    inner join periods as earlier
        on
            periods.year_number = earlier.year_number
            and periods.month_number >= earlier.month_number
            and not earlier.is_stated
    inner join series on periods.period = series.period
    inner join series as earlier_series
        on earlier.period = earlier_series.period and series.series_from = earlier_series.series_from
    inner join figures on earlier.period = figures.period
    where not periods.is_stated
    group by all

)

select
    figures.period,
    indicators.print_order,
    indicators.section,
    figures.indicator_id,
    indicators.label_vi,
    indicators.label_en,
    figures.unit,
    indicators.indicator_kind,
    indicators.is_printed,
    figures.decimals,
    figures.value,
    figures.qualifier,
    figures.completeness,
    figures.n_missing,
    figures.missing,
    figures.definition_id,
    periods.previous_period,
    previous_figures.value as previous_value,
    previous_figures.completeness as previous_completeness,
    previous_figures.is_stated as is_previous_stated,
    series.previous_status,
    -- A part that came this month and not last, or the reverse, is no change.
    case
        when series.previous_status = 'B' then null
        when figures.completeness = 'complete' and previous_figures.completeness = 'complete'
            then cast(figures.value - previous_figures.value as decimal(28, 6))
    end as change,
    case
        when series.previous_status = 'B' then null
        when figures.completeness = 'complete' and previous_figures.completeness = 'complete'
            then cast(round(
                try_cast(
                    100 * (figures.value - previous_figures.value) / nullif(previous_figures.value, 0)
                    as decimal(32, 10)
                ), 2
            ) as decimal(28, 6))
    end as change_pct,
    case when indicators.indicator_kind = 'flow' then years.year_to_date end as year_to_date,
    case when indicators.indicator_kind = 'flow' then years.year_to_date_months end as year_to_date_months,
    case
        when indicators.indicator_kind = 'flow'
            then years.is_year_complete and years.year_to_date_months = periods.month_number
    end as is_year_to_date_complete,
    case when indicators.indicator_kind = 'flow' then series.year_to_date_status end as year_to_date_status
from figures
inner join periods on figures.period = periods.period and not periods.is_stated
inner join series on figures.period = series.period
inner join indicators on figures.indicator_id = indicators.indicator_id
left join figures as previous_figures
    on
        periods.previous_period = previous_figures.period
        and figures.indicator_id = previous_figures.indicator_id
left join years on figures.period = years.period and figures.indicator_id = years.indicator_id
order by figures.period, indicators.print_order
