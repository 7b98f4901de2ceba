-- The months that figures are drawn up for. Grain: period.
-- A month without submissions of its own is drawn up from what the next month's forms state about it, so
-- that the first month of all still has a month before to be compared with.
with

receipts as (

    select * from {{ ref('stg_raw__receipts') }}

),

observations as (

    select * from {{ ref('stg_raw__observations') }}

),

deadlines as (

    select * from {{ ref('stg_raw__deadlines') }}

),

received as (

    select period from receipts
    where receipt_status in ('received', 'late')

    union

    select report_period as period from observations
    where use_status = 'in_force'

    union

    select period from {{ ref('stg_raw__builds') }}

),

stated as (

    select distinct
        observations.period,
        observations.report_period
    from observations
    where
        observations.use_status = 'in_force'
        and observations.period not in (select received.period from received)
        and cast(observations.period || '-01' as date) + interval 1 month
        = cast(observations.report_period || '-01' as date)

),

periods as (

    select
        period,
        period as report_period,
        false as is_stated
    from received

    union all

    select
        period,
        report_period,
        true as is_stated
    from stated

),

dated as (

    select
        *,
        cast(left(period, 4) as integer) as year_number,
        cast(right(period, 2) as integer) as month_number,
        strftime(cast(period || '-01' as date) - interval 1 month, '%Y-%m') as previous_period,
        last_day(cast(period || '-01' as date)) as last_date
    from periods

)

select
    dated.period,
    dated.report_period,
    dated.is_stated,
    dated.year_number,
    dated.month_number,
    dated.previous_period,
    dated.last_date,
    deadlines.due_at
from dated
left join deadlines on dated.period = deadlines.period
