-- Texts with their ids, persons and visits, and why some are not taken. Rules: docs/mapping.md#diagnosticreport.

create or replace temp table note_row as
select
    note.* exclude (refused, class, type, provider),
    person.person_id,
    visit.visit_occurrence_id,
    visit.visit_detail_id,
    note.encounter_id is not null and visit.visit_occurrence_id is null as lacks_visit,
    provider.provider_id,
    note.provider is not null and provider.provider_id is null as lacks_provider,
    type.concept_id as note_type_concept_id,
    class.concept_id as note_class_concept_id,
    class.source_value as note_source_value,
    class.code_key as class_key,
    coalesce(mapping.first_day(note.start_text), visit.visit_start_date) as note_date,
    case
        when mapping.first_day(note.start_text) is not null then mapping.made_up(note.start_text)
        else 'start from visit'
    end as imputed,
    mapping.wall_clock(note.start_text) as note_datetime,
    mapping.row_id('note', note.source, note.resource_type, note.resource_id, note.part, 0) as note_id,
    coalesce(
        note.refused,
        case
            when note.patient_id is null then 'NO_SUBJECT'
            when person.person_id is null then 'NO_PERSON'
            when regexp_matches(note.text, '\S') is distinct from true then 'NO_TEXT'
            when coalesce(mapping.first_day(note.start_text), visit.visit_start_date) is null
            then mapping.reason_for_no_date(note.start_text)
        end
    ) as reason
from extracted_note note
left join person_key person on person.source = note.source and person.patient_id = note.patient_id
left join visit_key visit
    on visit.source = note.source and visit.encounter_id = note.encounter_id and visit.person_id = person.person_id
left join provider_key provider on provider.source = note.source and provider.name = note.provider
left join concept_map type on type.key = 'type:' || note.type
left join code_mapping class on class.role = 'note class' and class.code_key = hash(note.class);
