-- Provincial figures that are sums over submitters or stand in the register. Grain: period, indicator_id.
-- Sources count, optional providers count when they sent something, cross-checks never. A reference figure
-- stands in where nobody is asked for the figure and nobody sent it.
with

periods as (

    select * from {{ ref('int_periods_received') }}

),

indicators as (

    select * from {{ ref('stg_catalogue__indicators') }}

),

submitter_figures as (

    select * from {{ ref('int_submitter_figures') }}
    where provision_role = 'source' or (provision_role = 'optional' and value is not null)

),

reference_figures as (

    select * from {{ ref('stg_catalogue__reference_figures') }}

),

definitions as (

    select * from {{ ref('stg_raw__definitions') }}
    where is_register

),

summed as (

    select
        period,
        indicator_id,
        sum(value) as value,
        {{ combine_qualifiers('qualifier') }} as qualifier,
        list(submitter_id order by submitter_id) as source_ids,
        flatten(list(missing order by submitter_id)) as missing
    from submitter_figures
    group by all

)

select
    periods.period,
    periods.last_date,
    indicators.indicator_id,
    case when summed.indicator_id is null then reference_figures.value else summed.value end as value,
    coalesce(summed.qualifier, '') as qualifier,
    coalesce(summed.source_ids, []) as source_ids,
    case
        when summed.indicator_id is not null then summed.missing
        when indicators.aggregation = 'reference' and reference_figures.value is null then [indicators.indicator_id]
        else []
    end as missing,
    case
        when summed.indicator_id is null and reference_figures.value is not null
            then coalesce(definitions.definition_id, 'reference_figure')
        else ''
    end as definition_id
from periods
inner join indicators
    on
        periods.last_date between indicators.valid_from and indicators.valid_to
        and indicators.aggregation in ('sum_submitters', 'reference')
left join summed
    on periods.period = summed.period and indicators.indicator_id = summed.indicator_id
left join reference_figures
    on
        indicators.indicator_id = reference_figures.reference_id
        and periods.last_date between reference_figures.valid_from and reference_figures.valid_to
left join definitions
    on
        indicators.indicator_id = definitions.indicator_id
        and periods.last_date between definitions.valid_from and definitions.valid_to
