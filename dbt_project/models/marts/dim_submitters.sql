-- The reporting units in force in the month of this build. Grain: submitter_id.
select
    submitters.submitter_id,
    submitters.submitter_name,
    submitters.submitter_kind,
    submitters.area_code,
    submitters.valid_from,
    submitters.valid_to
from {{ ref('stg_catalogue__submitters') }} as submitters
inner join {{ ref('int_periods_received') }} as periods
    on periods.last_date between submitters.valid_from and submitters.valid_to
inner join {{ ref('stg_raw__builds') }} as builds on periods.period = builds.period
