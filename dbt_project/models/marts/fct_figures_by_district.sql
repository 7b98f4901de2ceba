-- Figures by district, with the sums that formulas make of them. Grain: period, area_code, indicator_id.
-- A formula holds for a district only if all its parts are asked by district.
with

district_figures as (

    select * from {{ ref('int_district_figures') }}

),

partly_by_district as (

    select distinct
        expanded.period,
        expanded.indicator_id
    from {{ ref('int_definitions_expanded') }} as expanded
    left join {{ ref('int_provisions_expected') }} as provisions
        on
            expanded.period = provisions.period
            and expanded.input_id = provisions.indicator_id
            and provisions.provision_role = 'source'
    where not expanded.is_sum or provisions.provision_detail = 'total'

),

added as (

    select
        period,
        area_code,
        indicator_id,
        value,
        qualifier,
        n_sources,
        missing
    from district_figures

    union all

    select
        district_figures.period,
        district_figures.area_code,
        expanded.indicator_id,
        sum(district_figures.value) as value,
        {{ combine_qualifiers('district_figures.qualifier') }} as qualifier,
        max(district_figures.n_sources) as n_sources,
        list_sort(list_distinct(flatten(list(district_figures.missing)))) as missing
    from district_figures
    inner join {{ ref('int_definitions_expanded') }} as expanded
        on
            district_figures.period = expanded.period
            and district_figures.indicator_id = expanded.input_id
    left join partly_by_district
        on
            expanded.period = partly_by_district.period
            and expanded.indicator_id = partly_by_district.indicator_id
    where partly_by_district.indicator_id is null
    group by all

)

select
    period,
    area_code,
    indicator_id,
    cast(value as decimal(28, 6)) as value,
    qualifier,
    n_sources,
    case
        when value is null then 'not_reported'
        when len(missing) > 0 then 'incomplete'
        else 'complete'
    end as completeness,
    missing
from added
