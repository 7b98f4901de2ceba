-- One row per decision of a named person. Grain: decision_id.
with

source as (

    select * from {{ source('raw', 'decisions') }}

),

renamed as (

    select

        decision_id,
        kind,
        period,
        target,
        value as value_text,
        try_cast(nullif(value, '') as decimal(28, 6)) as value,
        basis as basis_text,
        try_cast(nullif(basis, '') as decimal(28, 6)) as basis_value,
        reason,
        person,
        decided_at,
        expires_at,
        standing

    from source

)

select * from renamed
