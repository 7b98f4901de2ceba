{#
    The qualifier of a sum: "trên 576" plus 3 is "trên 579". Bounds of opposite directions leave a guess.
    An aggregate over the rows that make the sum.
#}
{% macro combine_qualifiers(qualifier) -%}
    case
        when bool_or({{ qualifier }} = 'approx') then 'approx'
        when bool_or({{ qualifier }} in ('gt', 'ge')) and bool_or({{ qualifier }} in ('lt', 'le')) then 'approx'
        when bool_or({{ qualifier }} = 'gt') then 'gt'
        when bool_or({{ qualifier }} = 'ge') then 'ge'
        when bool_or({{ qualifier }} = 'lt') then 'lt'
        when bool_or({{ qualifier }} = 'le') then 'le'
        else ''
    end
{%- endmacro %}
