-- Expected × received: every submitter of every month, whether it sent anything or not.
-- Grain: period, submitter_id.
with

periods as (

    select * from {{ ref('int_periods_received') }}
    where not is_stated

),

submitters as (

    select * from {{ ref('stg_catalogue__submitters') }}

),

-- The message that speaks for the submitter: the first one in force, so that a later correction by reply
-- does not make a submission late.
spoken as (

    select receipts.*
    from {{ ref('stg_raw__receipts') }} as receipts
    inner join {{ ref('stg_raw__arrivals') }} as arrivals on receipts.receipt_id = arrivals.receipt_id
    qualify row_number() over (
        partition by receipts.period, receipts.submitter_id
        order by
            case receipts.receipt_status
                when 'received' then 1 when 'late' then 1 when 'superseded' then 2 when 'rejected' then 3 else 4
            end,
            arrivals.nth
    ) = 1

),

observations as (

    select
        report_period as period,
        submitter_id,
        count(*) as n_observations
    from {{ ref('int_observations_corrected') }}
    where is_in_force and receipt_id != ''
    group by all

),

narrative_items as (

    select
        period,
        submitter_id,
        count(*) as n_narrative_items
    from {{ ref('stg_raw__narrative_items') }}
    where use_status = 'in_force'
    group by all

),

intake_findings as (

    select
        period,
        submitter_id,
        count(*) as n_intake_findings
    from {{ ref('fct_intake_findings') }}
    group by all

)

select
    periods.period,
    submitters.submitter_id,
    case
        when spoken.receipt_status in ('received', 'late', 'superseded', 'rejected') then spoken.receipt_status
        else 'missing'
    end as status,
    coalesce(spoken.receipt_id, '') as receipt_id,
    coalesce(spoken.message, '') as message,
    coalesce(spoken.sent_at, '') as sent_at,
    coalesce(periods.due_at, '') as due_at,
    coalesce(observations.n_observations, 0) as n_observations,
    coalesce(narrative_items.n_narrative_items, 0) as n_narrative_items,
    coalesce(intake_findings.n_intake_findings, 0) as n_intake_findings
from periods
inner join submitters on periods.last_date between submitters.valid_from and submitters.valid_to
left join spoken on periods.period = spoken.period and submitters.submitter_id = spoken.submitter_id
left join observations
    on periods.period = observations.period and submitters.submitter_id = observations.submitter_id
left join narrative_items
    on periods.period = narrative_items.period and submitters.submitter_id = narrative_items.submitter_id
left join intake_findings
    on periods.period = intake_findings.period and submitters.submitter_id = intake_findings.submitter_id
