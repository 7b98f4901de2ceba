{#
    Round an exact figure half up, the way reports are printed: 88,585 becomes 88,59 and -0,5 becomes -1.

    DuckDB rounds decimals half away from zero but wants a constant number of places, hence the branches.
    The figure must be a decimal: a double would bring its own error to the tie.
#}
{% macro round_half_up(value, decimals) -%}
    case {{ decimals }}
        {%- for places in range(7) %}
        when {{ places }} then cast(round({{ value }}, {{ places }}) as decimal(28, 6))
        {%- endfor %}
    end
{%- endmacro %}
