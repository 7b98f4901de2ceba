-- Nothing falls silently: every figure received is in the warehouse; every figure in force that somebody was
-- asked for either counts and stands among the sources of its provincial figure, or says why it does not.
with

received as (

    select
        submitter_id,
        count(distinct observation_id) as n_observations
    from {{ ref('stg_raw__observations') }}
    group by submitter_id

),

observations as (

    select * from {{ ref('fct_observations') }}

),

kept as (

    select
        submitter_id,
        count(*) as n_observations
    from observations
    where file != '(decision)'
    group by submitter_id

),

lost as (

    select
        'received but not in the warehouse' as problem,
        received.submitter_id as place
    from received
    left join kept on received.submitter_id = kept.submitter_id
    where received.n_observations != coalesce(kept.n_observations, 0)

),

unsourced as (

    select
        'counted but not among the sources' as problem,
        observations.observation_id as place
    from observations
    left join {{ ref('fct_figure_sources') }} as sources
        on
            observations.period = sources.period
            and observations.indicator_id = sources.indicator_id
            and observations.observation_id = sources.observation_id
    where
        observations.use_in_total = 'counted'
        and observations.provision_role in ('source', 'optional')
        and sources.observation_id is null

),

unexplained as (

    select
        'asked for and in force, but neither counted nor explained' as problem,
        observation_id as place
    from observations
    where
        is_in_force
        and period = report_period
        and value is not null
        and provision_role is not null
        and use_in_total not in (
            'counted', 'repeated', 'own_total', 'other_breakdown', 'other_area',
            'inside_other_rows', 'partly_inside_other_rows'
        )

)

select * from lost

union all

select * from unsourced

union all

select * from unexplained
