-- The enterprise tables: what each submitter contributes to the provincial figures.
-- Grain: period, submitter_id, indicator_id.
select
    figures.period,
    indicators.print_order,
    figures.submitter_id,
    submitters.submitter_name,
    submitters.submitter_kind,
    figures.indicator_id,
    indicators.label_vi,
    indicators.unit,
    indicators.decimals,
    figures.value,
    figures.qualifier,
    figures.reported_total,
    figures.completeness,
    figures.missing
from {{ ref('fct_figures_by_submitter') }} as figures
inner join {{ ref('dim_indicators') }} as indicators on figures.indicator_id = indicators.indicator_id
inner join {{ ref('dim_submitters') }} as submitters on figures.submitter_id = submitters.submitter_id
where figures.provision_role in ('source', 'optional')
order by figures.period, indicators.print_order, figures.submitter_id
