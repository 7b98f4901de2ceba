-- The machine extract: provincial figures and, where they exist, those of districts (of communes since July 2025).
-- `obs_status` is SDMX's: O missing, B the first month of a new series, P parts are missing, else A.
-- Grain: period, area_code, indicator_id.
with

provincial as (

    select
        figures.period,
        series.province_code as area_code,
        series.province_name as area_name,
        figures.indicator_id,
        figures.label_vi,
        figures.unit,
        figures.value,
        figures.qualifier,
        figures.decimals,
        figures.completeness,
        case
            when figures.completeness = 'not_reported' then 'O'
            when series.previous_status = 'B' then 'B'
            when figures.completeness = 'incomplete' then 'P'
            else 'A'
        end as obs_status,
        figures.print_order
    from {{ ref('rpt_figures') }} as figures
    inner join {{ ref('int_series') }} as series on figures.period = series.period

),

by_district as (

    select
        figures.period,
        figures.area_code,
        figures.area_name,
        figures.indicator_id,
        figures.label_vi,
        figures.unit,
        figures.value,
        figures.qualifier,
        figures.decimals,
        figures.completeness,
        case
            when figures.completeness = 'not_reported' then 'O'
            when series.previous_status = 'B' then 'B'
            when figures.completeness = 'incomplete' then 'P'
            else 'A'
        end as obs_status,
        figures.print_order
    from {{ ref('rpt_figures_by_district') }} as figures
    inner join {{ ref('int_series') }} as series on figures.period = series.period
    where figures.area_code != series.province_code

)

select * from provincial

union all

select * from by_district

order by period, print_order, area_code
