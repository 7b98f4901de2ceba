-- Province, districts and communes in force in the month of this build. Grain: area_code.
select
    areas.area_code,
    areas.parent_code,
    areas.area_level,
    areas.area_type,
    areas.area_name,
    areas.short_name,
    areas.valid_from,
    areas.valid_to
from {{ ref('stg_catalogue__areas') }} as areas
inner join {{ ref('int_periods_received') }} as periods
    on periods.last_date between areas.valid_from and areas.valid_to
inner join {{ ref('stg_raw__builds') }} as builds on periods.period = builds.period
