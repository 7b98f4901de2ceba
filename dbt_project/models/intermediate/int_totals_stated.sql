-- Totals of the month before as this month's forms state them, for sums whose parts they do not repeat: a form
-- says "last month 301 254 subscribers" and leaves out how they were made up. Only for months without
-- submissions of their own, and only where every submitter of the sum says its part.
-- Grain: period, indicator_id.
with

periods as (

    select * from {{ ref('int_periods_received') }}
    where is_stated

),

expanded as (

    select * from {{ ref('int_definitions_expanded') }}
    qualify bool_and(is_sum) over (partition by period, indicator_id)

),

typed as (

    select *
    from {{ ref('int_observations_classified') }}
    where is_in_force and is_period_in_use and area_level = 'province' and value is not null
    qualify row_number() over (
        partition by period, submitter_id, indicator_id
        order by is_corrected desc, is_reported_total desc, message asc, file asc, sheet asc, cell asc
    ) = 1

),

providers as (

    select distinct
        expanded.period,
        expanded.indicator_id,
        submitter_figures.submitter_id
    from periods
    inner join expanded on periods.period = expanded.period
    inner join {{ ref('int_submitter_figures') }} as submitter_figures
        on
            expanded.period = submitter_figures.period
            and expanded.input_id = submitter_figures.indicator_id
            and submitter_figures.provision_role = 'source'

)

select
    providers.period,
    providers.indicator_id,
    cast(sum(typed.value) as decimal(38, 10)) as value_exact,
    list(typed.observation_id order by typed.submitter_id) as observation_ids
from providers
left join typed
    on
        providers.period = typed.period
        and providers.submitter_id = typed.submitter_id
        and providers.indicator_id = typed.indicator_id
group by all
having count(typed.value) = count(*)
