-- One row per work item of a submission. Grain: receipt_id, file, place.
with

source as (

    -- the order of loading is the order of the document
    select
        *,
        rowid as load_order
    from {{ source('raw', 'narrative_items') }}

),

renamed as (

    select

        receipt_id,
        file,
        place,
        load_order,
        submitter_id,
        period,
        part,
        section,
        text,
        message,
        use_status

    from source

)

select * from renamed
