-- What each submitter's figures come to, beside the total it typed. Grain: period, submitter_id, indicator_id.
-- Cross-checks are here too, to be compared, never added: see provision_role.
with

submitter_figures as (

    select * from {{ ref('int_submitter_figures') }}

),

expanded as (

    select * from {{ ref('int_definitions_expanded') }}
    qualify bool_and(is_sum) over (partition by period, indicator_id)

),

observations as (

    select * from {{ ref('int_observations_classified') }}

),

added as (

    select
        period,
        submitter_id,
        indicator_id,
        provision_role,
        value,
        qualifier,
        missing
    from submitter_figures

    union all

    select
        submitter_figures.period,
        submitter_figures.submitter_id,
        expanded.indicator_id,
        min(submitter_figures.provision_role order by submitter_figures.provision_role desc) as provision_role,
        sum(submitter_figures.value) as value,
        {{ combine_qualifiers('submitter_figures.qualifier') }} as qualifier,
        flatten(list(
            case when submitter_figures.provision_role = 'source' then submitter_figures.missing else [] end
        )) as missing
    from submitter_figures
    inner join expanded
        on
            submitter_figures.period = expanded.period
            and submitter_figures.indicator_id = expanded.input_id
    where submitter_figures.provision_role in ('source', 'optional')
    group by all

),

typed_totals as (

    select
        period,
        submitter_id,
        indicator_id,
        value as reported_total,
        observation_id as reported_total_observation_id
    from observations
    where
        is_in_force
        and is_period_in_use
        and area_level = 'province'
        and value is not null
        and use_in_total in ('own_total', 'not_agreed', 'repeated')
    qualify row_number() over (
        partition by period, submitter_id, indicator_id
        order by
            is_corrected desc, is_reported_total desc, message asc, file asc, sheet asc, length(cell) asc, cell asc
    ) = 1

)

select
    added.period,
    added.submitter_id,
    added.indicator_id,
    added.provision_role,
    cast(added.value as decimal(28, 6)) as value,
    added.qualifier,
    typed_totals.reported_total,
    typed_totals.reported_total_observation_id,
    case
        when added.value is null then 'not_reported'
        when len(added.missing) > 0 then 'incomplete'
        else 'complete'
    end as completeness,
    list_sort(list_distinct(added.missing)) as missing
from added
left join typed_totals
    on
        added.period = typed_totals.period
        and added.submitter_id = typed_totals.submitter_id
        and added.indicator_id = typed_totals.indicator_id
