-- The machine extract: provincial figures and, where they exist, districts. Grain: period, area_code, indicator_id.
with

provincial as (

    select
        figures.period,
        areas.area_code,
        areas.area_name,
        figures.indicator_id,
        figures.label_vi,
        figures.unit,
        figures.value,
        figures.qualifier,
        figures.decimals,
        figures.completeness,
        figures.print_order
    from {{ ref('rpt_figures') }} as figures
    cross join {{ ref('dim_areas') }} as areas
    where areas.area_level = 'province'

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
        figures.print_order
    from {{ ref('rpt_figures_by_district') }} as figures
    left join {{ ref('dim_areas') }} as areas on figures.area_code = areas.area_code
    where areas.area_level is distinct from 'province'

)

select * from provincial

union all

select * from by_district

order by period, print_order, area_code
