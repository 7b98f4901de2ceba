{#
    The formulas of definitions.csv as SQL, in the order of calculation: each may use the ones before it.

    `figures` is long (period, last_date, input_id, value) and so is the result. A formula counts only while it
    is valid, and an impossible one (a root of a negative number) gives null, not a stopped build. Sums stay
    decimals; a quotient is a double, cut to ten places before anything is rounded half up.
#}
{% macro derived_figures(figures) -%}
    {%- set formulas = current_formulas() -%}
    {%- if not formulas %}
    select
        period,
        cast(null as varchar) as indicator_id,
        cast(null as varchar) as definition_id,
        cast(null as decimal(38, 10)) as value_exact
    from {{ figures }}
    where false
    {%- else %}
    with

    step_0 as (

        select
            period,
            last_date
            {%- for input_id in formula_inputs() %},
            max(value) filter (where input_id = '{{ input_id }}') as {{ input_id }}
            {%- endfor %}
        from {{ figures }}
        group by period, last_date

    )
    {%- for indicator_id, versions in formulas.items() %},

    step_{{ loop.index }} as (

        select
            *,
            case
                {%- for version in versions %}
                when last_date between date '{{ version.valid_from }}' and date '{{ version.valid_to }}'
                    then try({{ version.sql }})
                {%- endfor %}
            end as {{ indicator_id }},
            case
                {%- for version in versions %}
                when last_date between date '{{ version.valid_from }}' and date '{{ version.valid_to }}'
                    then '{{ version.definition_id }}'
                {%- endfor %}
            end as definition_of_{{ indicator_id }}
        from step_{{ loop.index0 }}

    )
    {%- endfor %}

    select
        calculated.period,
        listed.indicator_id,
        listed.definition_id,
        listed.value_exact
    from step_{{ formulas | length }} as calculated,
    lateral (
        values
        {%- for indicator_id in formulas %}
        (
            '{{ indicator_id }}',
            calculated.definition_of_{{ indicator_id }},
            try_cast(calculated.{{ indicator_id }} as decimal(38, 10))
        ){{ "," if not loop.last }}
        {%- endfor %}
    ) as listed (indicator_id, definition_id, value_exact)
    where listed.definition_id is not null
    {%- endif %}
{%- endmacro %}
