-- Who should provide which figure in which month. Grain: period, submitter_id, indicator_id.
-- An agreement that names a submitter goes before one that names its kind.
with

periods as (

    select * from {{ ref('int_periods_received') }}

),

submitters as (

    select * from {{ ref('stg_catalogue__submitters') }}

),

provisions as (

    select * from {{ ref('stg_catalogue__provisions') }}

)

select
    periods.period,
    submitters.submitter_id,
    provisions.indicator_id,
    submitters.submitter_kind,
    submitters.area_code as own_area_code,
    provisions.provision_detail,
    provisions.provision_role
from periods
inner join submitters on periods.last_date between submitters.valid_from and submitters.valid_to
inner join provisions
    on
        provisions.provider in (submitters.submitter_id, submitters.submitter_kind)
        and periods.last_date between provisions.valid_from and provisions.valid_to
qualify row_number() over (
    partition by periods.period, submitters.submitter_id, provisions.indicator_id
    order by provisions.provider = submitters.submitter_id desc
) = 1
