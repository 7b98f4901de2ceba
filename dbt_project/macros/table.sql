{#
    A table of a file that is new: created once, under its name, in one transaction.

    dbt-duckdb's own `table` makes the rows under another name and swaps, in six statements and three look-ups,
    because somebody may be reading the old table. Here nobody can: the file is published when dbt is done.
    That is a third of the time of a build. Contracts are enforced in `create_table_as`, as ever.
#}
{% materialization table, adapter="duckdb", supported_languages=["sql"] %}
    {%- set relation = this.incorporate(type="table") -%}
    {%- call statement("main") -%}
        {{ create_table_as(False, relation, compiled_code) }}
    {%- endcall -%}
    {{ adapter.commit() }}
    {{ return({"relations": [relation]}) }}
{% endmaterialization %}
