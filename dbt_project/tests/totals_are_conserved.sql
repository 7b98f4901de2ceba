-- One sum, four ways: the provincial figure, its submitters, the two-way table and the cells behind it.
with

provincial as (

    select
        period,
        indicator_id,
        value_exact
    from {{ ref('fct_figures') }}
    where definition_id = '' and value_exact is not null

),

by_submitter as (

    select
        period,
        indicator_id,
        sum(value) as total
    from {{ ref('fct_figures_by_submitter') }}
    where provision_role in ('source', 'optional')
    group by all

),

by_cell as (

    select
        sources.period,
        sources.indicator_id,
        sum(observations.value) as total
    from {{ ref('fct_figure_sources') }} as sources
    inner join {{ ref('fct_observations') }} as observations
        on sources.observation_id = observations.observation_id
    group by all

),

two_way as (

    select
        period,
        submitter_id,
        indicator_id,
        sum(value) as total
    from {{ ref('fct_figures_by_submitter_district') }}
    group by all

),

by_district as (

    select
        figures.period,
        figures.indicator_id,
        sum(figures.value) as total
    from {{ ref('fct_figures_by_district') }} as figures
    group by all

)

select
    'submitters' as margin,
    provincial.period,
    provincial.indicator_id,
    provincial.value_exact,
    by_submitter.total
from provincial
left join by_submitter
    on provincial.period = by_submitter.period and provincial.indicator_id = by_submitter.indicator_id
where coalesce(provincial.value_exact != by_submitter.total, true)

union all

select
    'cells' as margin,
    provincial.period,
    provincial.indicator_id,
    provincial.value_exact,
    by_cell.total
from provincial
left join by_cell
    on provincial.period = by_cell.period and provincial.indicator_id = by_cell.indicator_id
where coalesce(provincial.value_exact != by_cell.total, true)

union all

select
    'two-way table of ' || two_way.submitter_id as margin,
    two_way.period,
    two_way.indicator_id,
    two_way.total as value_exact,
    figures.value as total
from two_way
left join {{ ref('fct_figures_by_submitter') }} as figures
    on
        two_way.period = figures.period
        and two_way.submitter_id = figures.submitter_id
        and two_way.indicator_id = figures.indicator_id
where coalesce(two_way.total != figures.value, true)

union all

select
    'districts' as margin,
    by_district.period,
    by_district.indicator_id,
    by_district.total as value_exact,
    sum(two_way.total) as total
from by_district
inner join two_way
    on by_district.period = two_way.period and by_district.indicator_id = two_way.indicator_id
group by by_district.period, by_district.indicator_id, by_district.total
having by_district.total != sum(two_way.total)
