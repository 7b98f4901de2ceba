-- Figures by district (by commune since July 2025), before formulas: all areas × all indicators asked by district, and
-- beside them the rows over several areas and the totals without areas. Grain: period, area_code, indicator_id.
-- `missing` names the submitters whose part of this district is not there or stands in another row.
with

parts as (

    select * from {{ ref('int_district_parts') }}

),

submitter_figures as (

    select * from {{ ref('int_submitter_figures') }}
    where provision_role = 'source' and provision_detail in ('by_district', 'own_area')

),

districts as (

    select
        periods.period,
        areas.area_code
    from {{ ref('int_periods_received') }} as periods
    inner join {{ ref('stg_catalogue__areas') }} as areas
        on
            areas.is_local
            and periods.last_date between areas.valid_from and areas.valid_to

),

grid as (

    select
        submitter_figures.period,
        districts.area_code,
        submitter_figures.indicator_id
    from submitter_figures
    inner join districts on submitter_figures.period = districts.period

    union

    select
        period,
        area_code,
        indicator_id
    from parts

),

absent as (

    -- nothing came from the submitter, or only a total without districts
    select
        submitter_figures.period,
        districts.area_code,
        submitter_figures.indicator_id,
        submitter_figures.submitter_id
    from submitter_figures
    inner join districts
        on
            submitter_figures.period = districts.period
            and (
                submitter_figures.provision_detail = 'by_district'
                or submitter_figures.own_area_code = districts.area_code
            )
    where
        (submitter_figures.value is null and len(submitter_figures.missing) > 0)
        or (submitter_figures.is_own_total and submitter_figures.provision_detail = 'by_district')

    union

    -- the row is empty
    select
        period,
        area_code,
        indicator_id,
        submitter_id
    from {{ ref('int_observations_classified') }}
    where use_in_total = 'not_reported' and provision_role = 'source' and area_level = 'local'

    union

    -- the district stands in a row with others
    select
        period,
        unnest(string_split(area_code, '+')) as area_code,
        indicator_id,
        submitter_id
    from {{ ref('int_observations_classified') }}
    where
        use_in_total in ('counted', 'partly_inside_other_rows')
        and provision_role = 'source'
        and area_level = 'combined'

),

summed as (

    select
        period,
        area_code,
        indicator_id,
        sum(value) as value,
        {{ combine_qualifiers('qualifier') }} as qualifier,
        count(*) as n_sources
    from parts
    group by all

),

listed as (

    select
        period,
        area_code,
        indicator_id,
        list(submitter_id order by submitter_id) as missing
    from absent
    group by all

)

select
    grid.period,
    grid.area_code,
    grid.indicator_id,
    summed.value,
    coalesce(summed.qualifier, '') as qualifier,
    coalesce(summed.n_sources, 0) as n_sources,
    coalesce(listed.missing, []) as missing
from grid
left join summed
    on
        grid.period = summed.period
        and grid.area_code = summed.area_code
        and grid.indicator_id = summed.indicator_id
left join listed
    on
        grid.period = listed.period
        and grid.area_code = listed.area_code
        and grid.indicator_id = listed.indicator_id
