-- The keys of the steps in between; the marts and reports have theirs by contract.
{%- set keys = {
    "stg_raw__receipts": "receipt_id",
    "stg_raw__decisions": "decision_id",
    "stg_raw__definitions": "position",
    "int_periods_received": "period",
    "int_series": "period",
    "int_intake_findings_lost": "receipt_id",
    "int_decisions_resolved": "decision_id",
    "int_observations_keyed": "observation_id",
    "int_observations_corrected": "observation_id",
    "int_observations_classified": "observation_id",
    "int_provisions_expected": "period, submitter_id, indicator_id",
    "int_submitter_figures": "period, submitter_id, indicator_id",
    "int_figures_summed": "period, indicator_id",
    "int_definitions_expanded": "period, indicator_id, input_path",
    "int_figures_derived": "period, indicator_id",
    "int_totals_stated": "period, indicator_id",
    "int_district_parts": "period, submitter_id, area_code, indicator_id",
    "int_district_figures": "period, area_code, indicator_id",
} %}
{%- for model, key in keys.items() %}

select
    '{{ model }}' as step,
    count(*) as n_rows
from (select distinct {{ key }} from {{ ref(model) }}) as keys
having count(*) != (select count(*) from {{ ref(model) }})
{%- if not loop.last %}

union all
{%- endif %}
{%- endfor %}
