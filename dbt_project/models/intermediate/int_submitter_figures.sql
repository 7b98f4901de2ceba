-- What each submitter's figures come to, beside what was agreed. Grain: period, submitter_id, indicator_id.
-- `missing` names what did not come: the submitter, or submitter/area for an empty row.
with

provisions as (

    select * from {{ ref('int_provisions_expected') }}

),

observations as (

    select * from {{ ref('int_observations_classified') }}
    where is_in_force and is_period_in_use and provision_role is not null

),

summed as (

    select
        period,
        submitter_id,
        indicator_id,
        sum(value) filter (where use_in_total = 'counted') as value,
        {{ combine_qualifiers("case when use_in_total = 'counted' then qualifier else '' end") }} as qualifier,
        count(*) filter (where use_in_total = 'counted') as n_counted,
        bool_or(use_in_total = 'counted' and area_level = 'province') as is_own_total,
        bool_or(use_in_total = 'cannot_exist') as is_impossible,
        bool_or(has_conflict) as has_conflict,
        list(submitter_id || '/' || area_code order by area_code) filter (
            where use_in_total in ('not_reported', 'partly_inside_other_rows')
        ) as missing_rows
    from observations
    group by all

)

select
    provisions.*,
    summed.value,
    coalesce(summed.qualifier, '') as qualifier,
    coalesce(summed.n_counted, 0) as n_counted,
    coalesce(summed.is_own_total, false) as is_own_total,
    coalesce(summed.has_conflict, false) as has_conflict,
    case
        when summed.value is not null then coalesce(summed.missing_rows, [])
        when summed.is_impossible and summed.missing_rows is null then []
        else [provisions.submitter_id]
    end as missing
from provisions
left join summed
    on
        provisions.period = summed.period
        and provisions.submitter_id = summed.submitter_id
        and provisions.indicator_id = summed.indicator_id
