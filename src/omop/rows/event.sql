-- Every event with its person, visit, concepts, dates and id: one row a target concept. What is dropped stays here, with
-- its reason; the tables take the rest.

create or replace temp table event_row as
with dated as (
    select
        *,
        mapping.first_day(start_text) as start_day,
        mapping.first_day(end_text) as end_day
    from extracted_event
),

found as (
    select
        event.source,
        event.file_id,
        event.resource_type,
        event.resource_id,
        event.part,
        event.patient_id,
        event.refused,
        event.natural_table,
        event.role,
        event.report,
        event.panel,
        event.start_text,
        event.condition_status,
        event.comparator,
        event.stop_reason,
        mapping.finite(event.value_number) as value_number,
        mapping.finite(event.range_low) as range_low,
        mapping.finite(event.range_high) as range_high,
        mapping.finite(event.quantity) as quantity,
        event.days_supply,
        event.default_days,
        event.refills,
        event.sig,
        event.lot_number,
        event.dose_unit,
        event.qualifier,
        event.unique_device_id,
        event.production_id,
        coalesce(code.target, 0) as target,
        -- A pair of a concept and the value that its code maps to says what is there: no concept says that it is not.
        coalesce(code.value_concept_id is not null and mapping.is_no(event.value_text), false) as pair_denied,
        coalesce(said.concept_id, case when not pair_denied then code.concept_id end, 0) as concept_id,
        coalesce(code.source_concept_id, 0) as source_concept_id,
        code.source_value,
        case when said.key is null then code.tables else mapping.tables_of_domain(said.domain_id) end as tables,
        code.code_key,
        code.domain_id,
        value.code_key as value_key,
        unit.code_key as unit_key,
        case when event.route is not null then hash(event.route) end as route_key,
        case when event.anatomic_site is not null then hash(event.anatomic_site) end as anatomic_site_key,
        person.person_id,
        visit.visit_occurrence_id,
        visit.visit_detail_id,
        event.encounter_id is not null and visit.visit_occurrence_id is null as lacks_visit,
        provider.provider_id,
        event.provider is not null and provider.provider_id is null as lacks_provider,
        coalesce(
            event.start_day,
            (person.first_possible_birth + event.start_after_birth)::date,
            case when event.start_from_visit then visit.visit_start_date end
        ) as start_date,
        -- Most dates are whole, and those of the event.
        case
            when event.start_day is null or event.start_taken_from is not null or strlen(event.start_text) < 10
                or strlen(event.end_text) < 10 or event.end_after_birth is not null
            then nullif(concat_ws(
                ', ',
                case
                    when event.start_day is not null
                    then nullif(concat_ws(', ', 'start from ' || event.start_taken_from, mapping.made_up(event.start_text)), '')
                    when event.start_after_birth is not null then 'start from age'
                    when event.start_from_visit then 'start from visit'
                end,
                case
                    when event.end_day is not null
                    then case when event.end_text <> event.start_text then 'end ' || mapping.made_up(event.end_text) end
                    when event.end_after_birth is not null then 'end from age'
                end
            ), '')
        end as imputed,
        case when event.start_day is not null then mapping.time_of_day(event.start_text) end as start_datetime,
        -- A month or year in which something ended does not end before it began.
        case
            when strlen(event.end_text) < 10 and event.end_day < start_date then start_date
            else coalesce(event.end_day, (person.first_possible_birth + event.end_after_birth)::date)
        end as end_date,
        case when event.end_day is not null then mapping.time_of_day(event.end_text) end as end_datetime,
        event.end_day is null and mapping.reason_for_no_date(event.end_text) = 'BAD_DATE' as is_end_unread,
        mapping.first_day(event.verbatim_end_text) as verbatim_end_date,
        type.concept_id as type_concept_id,
        event.value_text as answer,
        coalesce(event.value_text, case when said.key is not null then code.source_value end) as value_text,
        case when said.key is not null then code.display else coalesce(value.display, event.value_code.text) end as value_words,
        coalesce(
            value.concept_id,
            case when said.key is not null then coalesce(code.concept_id, 0) end,
            case when code.value_concept_id is not null and mapping.is_yes(event.value_text) then code.value_concept_id end,
            constant.concept_id,
            case when not pair_denied then code.value_concept_id end,
            case when event.value_constant is not null then 0 end
        ) as value_as_concept_id,
        unit.concept_id as unit_concept_id,
        unit.source_concept_id as unit_source_concept_id,
        coalesce(event.unit.code, event.unit.display) as unit_source_value
    from dated event
    left join code_mapping code on code.role = event.role and code.code_key = hash(event.code)
    left join concept_map said on said.key = case when code.statement is distinct from true then event.concept_constant end
    left join code_mapping value on value.role = 'value' and value.code_key = hash(event.value_code)
    left join code_mapping unit on unit.role = 'unit' and unit.code_key = hash(event.unit)
    left join concept_map type on type.key = 'type:' || event.type
    left join concept_map constant on constant.key = event.value_constant
    left join person_key person on person.source = event.source and person.patient_id = event.patient_id
    left join visit_key visit
        on visit.source = event.source and visit.encounter_id = event.encounter_id and visit.person_id = person.person_id
    left join provider_key provider on provider.source = event.source and provider.name = event.provider
),

routed as (
    select
        *,
        mapping.route(tables, natural_table) as table_of_code,
        -- What was asked for has not been there, nor been done, unless the answer is yes.
        case
            when table_of_code not in ('measurement', 'observation')
                and natural_table in ('measurement', 'observation')
                and not mapping.is_yes(answer)
            then 'observation'
            else table_of_code
        end as cdm_table
    from found
),

judged as (
    select
        * exclude (refused, report, start_text, natural_table, tables, domain_id, pair_denied, answer, table_of_code),
        coalesce(
            refused,
            case
                when patient_id is null then 'NO_SUBJECT'
                when person_id is null then 'NO_PERSON'
                when source_value is null then 'EMPTY_CODE'
                when start_date is null then mapping.reason_for_no_date(start_text)
                when domain_id = 'Note' or cdm_table = 'measurement' then report
            end
        ) as reason
    from routed
)

select
    * replace (case when reason is null then cdm_table end as cdm_table),
    case when reason is null then mapping.row_id(cdm_table, source, resource_type, resource_id, part, target) end as cdm_id
from judged
where reason is null or target = 0;
