-- The indicators in force in the month of this build. Grain: indicator_id.
select
    indicators.indicator_id,
    indicators.section,
    indicators.print_order,
    indicators.label_vi,
    indicators.label_en,
    indicators.unit,
    indicators.indicator_kind,
    indicators.decimals,
    indicators.aggregation,
    indicators.is_printed,
    indicators.lower_bound,
    indicators.upper_bound,
    indicators.valid_from,
    indicators.valid_to
from {{ ref('stg_catalogue__indicators') }} as indicators
inner join {{ ref('int_periods_received') }} as periods
    on periods.last_date between indicators.valid_from and indicators.valid_to
inner join {{ ref('stg_raw__builds') }} as builds on periods.period = builds.period
