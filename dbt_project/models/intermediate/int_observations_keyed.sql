-- All observations, each once, with a key of its own and the word whether it is in force.
-- Grain: observation_id.
with

observations as (

    select * from {{ ref('stg_raw__observations') }}

),

receipts as (

    select * from {{ ref('stg_raw__receipts') }}

),

arrivals as (

    select * from {{ ref('stg_raw__arrivals') }}

),

judged as (

    select
        observations.*,
        arrivals.nth as nth_arrival,
        observations.use_status = 'in_force'
        and coalesce(receipts.receipt_status, '') not in ('quarantined', 'duplicate', 'rejected') as is_in_force
    from observations
    left join receipts on observations.receipt_id = receipts.receipt_id
    left join arrivals on observations.receipt_id = arrivals.receipt_id

),

-- The twin of a message holds the same document, hence the same observations: the one in force speaks.
single as (

    select *
    from judged
    qualify row_number() over (
        partition by observation_id, submitter_id
        order by is_in_force desc, (period = report_period) desc, nth_arrival desc nulls last
    ) = 1

)

-- Two submitters may send the same text to the letter ("không phát sinh"): both figures keep a key.
select
    * exclude (observation_id),
    case
        when row_number() over (partition by observation_id order by submitter_id) = 1 then observation_id
        else left(sha256(observation_id || '/' || submitter_id), 16)
    end as observation_id
from single
