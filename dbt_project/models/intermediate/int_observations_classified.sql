-- Every observation with what it does for our figures: `use_in_total` is 'counted' or the reason why not,
-- so that nothing falls silently. Grain: observation_id.
--
-- A submitter's figure comes from the breakdown agreed in provisions.csv, or from the next best one that
-- holds a value: districts before the own total, the own total before districts, the own area before its
-- communes. Within the breakdown every area counts once. Since July 2025 communes and wards stand where
-- districts stood: both are the local areas.
with

observations as (

    select * from {{ ref('int_observations_corrected') }}

),

periods as (

    select * from {{ ref('int_periods_received') }}

),

provisions as (

    select * from {{ ref('int_provisions_expected') }}

),

areas as (

    select * from {{ ref('stg_catalogue__areas') }}

),

placed as (

    select
        observations.*,
        provisions.provision_role,
        provisions.provision_detail,
        provisions.submitter_kind,
        provisions.own_area_code,
        areas.parent_code,
        periods.period is not null as is_period_in_use,
        case
            when observations.area_code like '%+%' then 'combined'
            when areas.is_local then 'local'
            else areas.area_level
        end as area_level
    from observations
    left join periods
        on observations.period = periods.period and observations.report_period = periods.report_period
    left join provisions
        on
            periods.period = provisions.period
            and observations.submitter_id = provisions.submitter_id
            and observations.indicator_id = provisions.indicator_id
    left join areas
        on
            observations.area_code = areas.area_code
            and last_day(cast(observations.period || '-01' as date)) between areas.valid_from and areas.valid_to

),

-- The smaller the rank, the better the breakdown answers the agreement; null: it cannot answer it at all.
ranked as (

    select
        *,
        is_in_force and is_period_in_use and provision_role is not null as is_candidate,
        case provision_detail
            when 'by_district'
                then
                    case area_level when 'local' then 1 when 'combined' then 1 when 'province' then 2 end
            when 'total'
                then
                    case area_level when 'province' then 1 when 'local' then 2 when 'combined' then 2 end
            when 'own_area' then
                case
                    when area_code = own_area_code then 1
                    when area_level = 'province' then 2
                    when area_level = 'commune' and parent_code = own_area_code then 3
                end
        end as breakdown_rank
    from placed

),

-- One figure may stand at several places of a submission; a decided one speaks first, then a part before a
-- typed total, then the place that comes first.
singled as (

    select
        *,
        min(case when value is not null then breakdown_rank else breakdown_rank + 10 end) over figure as best_rank,
        row_number() over (
            partition by is_candidate, period, submitter_id, indicator_id, area_code
            order by
                value is null asc, is_corrected desc, is_reported_total asc,
                nth_arrival desc nulls last, file = '(body)' asc,
                message asc, file asc, sheet asc, length(cell) asc, cell asc, observation_id asc
        ) as nth_place,
        count(distinct value) over (
            partition by is_candidate, period, submitter_id, indicator_id, area_code
        ) > 1 as has_conflict
    from ranked
    window figure as (partition by is_candidate, period, submitter_id, indicator_id)

),

chosen as (

    select
        *,
        is_candidate and nth_place = 1 and coalesce(breakdown_rank = best_rank % 10, false) as is_chosen
    from singled

),

members as (

    select
        observation_id,
        period,
        submitter_id,
        indicator_id,
        value,
        unnest(string_split(area_code, '+')) as member_code,
        len(string_split(area_code, '+')) as n_members
    from chosen
    where is_chosen and area_level in ('local', 'combined')

),

-- A row over several districts counts only where none of them has a row of its own.
overlapped as (

    select
        wide.observation_id,
        count(distinct wide.member_code) < any_value(wide.n_members) as is_partly
    from members as wide
    inner join members as narrow
        on
            wide.period = narrow.period
            and wide.submitter_id = narrow.submitter_id
            and wide.indicator_id = narrow.indicator_id
            and wide.member_code = narrow.member_code
            and wide.n_members > narrow.n_members
    where wide.value is not null and narrow.value is not null
    group by wide.observation_id

),

-- An empty row of a district whose figure stands in the combined row misses nothing.
sheltered as (

    select distinct narrow.observation_id
    from members as wide
    inner join members as narrow
        on
            wide.period = narrow.period
            and wide.submitter_id = narrow.submitter_id
            and wide.indicator_id = narrow.indicator_id
            and wide.member_code = narrow.member_code
            and wide.n_members > narrow.n_members
    where
        wide.value is not null
        and narrow.value is null
        and wide.observation_id not in (select overlapped.observation_id from overlapped)

)

select
    chosen.observation_id,
    chosen.period,
    chosen.report_period,
    chosen.submitter_id,
    chosen.submitter_kind,
    chosen.area_code,
    chosen.area_level,
    chosen.own_area_code,
    chosen.indicator_id,
    chosen.reported_value,
    chosen.value,
    chosen.unit_code,
    chosen.obs_status,
    chosen.qualifier,
    chosen.printed_decimals,
    chosen.is_reported_total,
    chosen.is_in_force,
    chosen.is_period_in_use,
    chosen.is_corrected,
    chosen.decision_id,
    chosen.provision_role,
    chosen.provision_detail,
    chosen.has_conflict,
    chosen.receipt_id,
    chosen.message,
    chosen.file,
    chosen.sheet,
    chosen.cell,
    chosen.raw_text,
    chosen.row_label,
    chosen.column_label,
    chosen.use_status,
    case
        when not chosen.is_in_force then 'not_in_force'
        when not chosen.is_period_in_use then 'other_period'
        when chosen.provision_role is null then 'not_agreed'
        when chosen.area_level is null or chosen.breakdown_rank is null then 'other_area'
        when chosen.breakdown_rank != chosen.best_rank % 10 and chosen.area_level = 'province' then 'own_total'
        when chosen.breakdown_rank != chosen.best_rank % 10 then 'other_breakdown'
        when chosen.nth_place > 1 then 'repeated'
        when overlapped.is_partly then 'partly_inside_other_rows'
        when overlapped.observation_id is not null then 'inside_other_rows'
        when sheltered.observation_id is not null then 'inside_other_rows'
        when chosen.obs_status = 'M' and chosen.value is null then 'cannot_exist'
        when chosen.value is null then 'not_reported'
        else 'counted'
    end as use_in_total
from chosen
left join overlapped on chosen.observation_id = overlapped.observation_id
left join sheltered on chosen.observation_id = sheltered.observation_id
