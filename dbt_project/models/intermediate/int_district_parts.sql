-- The two-way table: each submitter's counted figures by area, for whatever is asked by district.
-- A row over several districts keeps its "a+b"; what was sent as one own total keeps the province's code,
-- so that the margins agree. Grain: period, submitter_id, area_code, indicator_id.
with

observations as (

    select * from {{ ref('int_observations_classified') }}
    where
        use_in_total = 'counted'
        and provision_role in ('source', 'optional')
        and (provision_detail in ('by_district', 'own_area') or area_level in ('local', 'combined'))

)

select
    period,
    submitter_id,
    case when provision_detail = 'own_area' then own_area_code else area_code end as area_code,
    indicator_id,
    sum(value) as value,
    {{ combine_qualifiers('qualifier') }} as qualifier,
    case when count(*) = 1 then any_value(observation_id) end as observation_id
from observations
group by all
