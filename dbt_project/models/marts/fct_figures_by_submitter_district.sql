-- The two-way table of what counts. Grain: period, submitter_id, area_code, indicator_id.
select
    period,
    submitter_id,
    area_code,
    indicator_id,
    cast(value as decimal(28, 6)) as value,
    qualifier,
    observation_id
from {{ ref('int_district_parts') }}
