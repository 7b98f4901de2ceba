-- Every work item of the submissions, in the order of the documents. Grain: narrative_item_id.
select
    left(sha256(concat_ws(
        '|', narrative_items.receipt_id, narrative_items.file, narrative_items.place, narrative_items.load_order
    )), 16) as narrative_item_id,
    narrative_items.period,
    narrative_items.submitter_id,
    narrative_items.part,
    narrative_items.section,
    narrative_items.text,
    narrative_items.receipt_id,
    narrative_items.message,
    narrative_items.file,
    narrative_items.place,
    narrative_items.load_order as item_order,
    narrative_items.use_status,
    narrative_items.use_status = 'in_force'
    and coalesce(receipts.receipt_status, '') not in ('quarantined', 'duplicate', 'rejected') as is_in_force
from {{ ref('stg_raw__narrative_items') }} as narrative_items
left join {{ ref('stg_raw__receipts') }} as receipts on narrative_items.receipt_id = receipts.receipt_id
