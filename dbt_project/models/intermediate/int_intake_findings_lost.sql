-- Messages of which a part could not be used and nothing stands in for it. Grain: receipt_id.
-- What stands in for it came in the same message or a later one of the same submitter, or from a person's decision:
-- every figure that the submitter owes, and at least something. An older message never does: the part may correct it.
with

receipts as (

    select
        receipts.*,
        arrivals.nth
    from {{ ref('stg_raw__receipts') }} as receipts
    inner join {{ ref('stg_raw__arrivals') }} as arrivals on receipts.receipt_id = arrivals.receipt_id

),

losses as (

    select distinct
        receipts.receipt_id,
        receipts.period,
        receipts.submitter_id,
        receipts.nth
    from {{ ref('stg_raw__intake_findings') }} as findings
    inner join receipts on findings.receipt_id = receipts.receipt_id
    where findings.is_loss and receipts.submitter_id != '' and receipts.receipt_status != 'quarantined'

),

figures as (

    select
        observations.report_period as period,
        observations.submitter_id,
        observations.indicator_id,
        max(coalesce(receipts.nth, 1000000)) as last_nth
    from {{ ref('int_observations_corrected') }} as observations
    left join receipts on observations.receipt_id = receipts.receipt_id
    where
        observations.is_in_force
        and observations.value is not null
        and observations.period = observations.report_period
    group by all

),

items as (

    select
        narrative.period,
        narrative.submitter_id,
        max(receipts.nth) as last_nth
    from {{ ref('stg_raw__narrative_items') }} as narrative
    inner join receipts on narrative.receipt_id = receipts.receipt_id
    where narrative.use_status = 'in_force'
    group by all

),

told as (

    select
        period,
        submitter_id,
        max(last_nth) as last_nth
    from (
        select
            period,
            submitter_id,
            last_nth
        from figures

        union all

        select
            period,
            submitter_id,
            last_nth
        from items
    ) as anything
    group by all

),

owed as (

    select
        losses.receipt_id,
        count(*) filter (where coalesce(figures.last_nth, 0) < losses.nth) as n_open
    from losses
    inner join {{ ref('int_provisions_expected') }} as provisions
        on losses.period = provisions.period and losses.submitter_id = provisions.submitter_id
    left join figures
        on
            losses.period = figures.period
            and losses.submitter_id = figures.submitter_id
            and provisions.indicator_id = figures.indicator_id
    where provisions.provision_role = 'source'
    group by all

)

select
    losses.receipt_id,
    losses.period,
    losses.submitter_id
from losses
left join owed on losses.receipt_id = owed.receipt_id
left join told on losses.period = told.period and losses.submitter_id = told.submitter_id
where coalesce(owed.n_open, 0) > 0 or coalesce(told.last_nth, 0) < losses.nth
