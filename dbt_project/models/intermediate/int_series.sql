-- The series that each month belongs to: figures of one province within unchanged limits. Grain: period.
-- A month is compared with the month before, and added to the months of the year before it, only inside one series;
-- across its start the comparison has the status B (a break), and no value.
select
    periods.period,
    areas.area_code as province_code,
    areas.area_name as province_name,
    areas.valid_from as series_from,
    case
        when areas.valid_from > last_day(cast(periods.previous_period || '-01' as date)) then 'B'
        else 'A'
    end as previous_status,
    case
        when areas.valid_from > cast(left(periods.period, 4) || '-01-01' as date) then 'B'
        else 'A'
    end as year_to_date_status
from {{ ref('int_periods_received') }} as periods
inner join {{ ref('stg_catalogue__areas') }} as areas
    on
        areas.area_level = 'province'
        and periods.last_date between areas.valid_from and areas.valid_to
