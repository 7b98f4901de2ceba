-- When the submissions of each month are due, as infra/periods.py says. Grain: period.
with

source as (

    select * from {{ source('raw', 'deadlines') }}

),

renamed as (

    select

        period,
        nullif(due_at, '') as due_at

    from source

)

select * from renamed
