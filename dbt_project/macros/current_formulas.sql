{# The current formulas by indicator, in the order of calculation; read from the build's own definitions. #}
{% macro current_formulas() -%}
    {%- set query -%}
        select indicator_id, definition_id, sql_text, array_to_string(input_ids, ','), valid_from, valid_to
        from {{ ref('stg_raw__definitions') }}
        where not is_register
        order by position
    {%- endset -%}
    {%- set formulas = {} -%}
    {%- if execute -%}
        {%- for row in run_query(query).rows -%}
            {%- do formulas.setdefault(row[0], []).append({
                "definition_id": row[1], "sql": row[2], "inputs": row[3].split(","),
                "valid_from": row[4], "valid_to": row[5],
            }) -%}
        {%- endfor -%}
    {%- endif -%}
    {{- return(formulas) -}}
{%- endmacro %}


{# The figures the formulas start from: whatever is an input and not itself calculated. #}
{% macro formula_inputs() -%}
    {%- set formulas = current_formulas() -%}
    {%- set inputs = [] -%}
    {%- for versions in formulas.values() -%}
        {%- for version in versions -%}
            {%- for input_id in version.inputs if input_id not in formulas and input_id not in inputs -%}
                {%- do inputs.append(input_id) -%}
            {%- endfor -%}
        {%- endfor -%}
    {%- endfor -%}
    {{- return(inputs) -}}
{%- endmacro %}
