insert into cdm.note by name
select
    note.note_id,
    note.person_id,
    note.note_date,
    note.note_datetime,
    note.note_type_concept_id,
    coalesce(note.note_class_concept_id, 0) as note_class_concept_id,
    note.title as note_title,
    note.text as note_text,
    encoding.concept_id as encoding_concept_id,
    case when note.language is null then english.concept_id else coalesce(language.concept_id, 0) end as language_concept_id,
    note.provider_id,
    note.visit_occurrence_id,
    note.visit_detail_id,
    note.note_source_value
from note_row note
join mapping.concept_map encoding on encoding.key = 'encoding:UTF-8'
join mapping.concept_map english on english.key = 'language:en'
left join mapping.concept_map language on language.key = 'language:' || lower(note.language[1:2])
where note.reason is null;
