-- The district tables: districts in official order, then rows over several districts, then totals without
-- districts. Grain: period, area_code, indicator_id.
select
    figures.period,
    indicators.print_order,
    figures.area_code,
    case
        when figures.area_code like '%+%'
            then (
                select string_agg(members.short_name, ' + ' order by members.area_code)
                from {{ ref('dim_areas') }} as members
                where list_contains(string_split(figures.area_code, '+'), members.area_code)
            )
        when areas.area_level = 'province' then 'Không phân theo địa bàn'
        else areas.area_name
    end as area_name,
    figures.indicator_id,
    indicators.label_vi,
    indicators.unit,
    indicators.decimals,
    figures.value,
    figures.qualifier,
    figures.completeness,
    figures.missing
from {{ ref('fct_figures_by_district') }} as figures
inner join {{ ref('dim_indicators') }} as indicators on figures.indicator_id = indicators.indicator_id
left join {{ ref('dim_areas') }} as areas on figures.area_code = areas.area_code
order by
    figures.period, indicators.print_order, figures.area_code like '%+%', areas.area_level = 'province',
    figures.area_code
