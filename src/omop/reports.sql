-- What the events and the notes of one record share. Rules: docs/mapping.md#diagnosticreport, #documentreference.

-- The type of a note by the codes of its category and kind: LOINC, SNOMED CT, HL7 table 0074 (diagnostic services).
create or replace macro mapping.note_type(codes) as
    case
        when list_has_any(codes, [
            'LP29684-5', '18748-4', '68604-8', '394914008', 'RAD', 'IMG', 'CT', 'NMR', 'NMS', 'RUS', 'OUS', 'VUS', 'RX', 'XRC'
        ]) then 'EHR radiology report'
        when list_has_any(codes, ['LP7839-6', '11526-1', '60568-3', '394915009', 'PAT', 'SP', 'CP']) then 'EHR pathology report'
        when list_has_any(codes, ['18842-5', '34105-7', '11490-0', '28655-9', '34745-0']) then 'EHR discharge summary'
        when list_has_any(codes, ['34111-5', '34878-9']) then 'EHR emergency room note'
        when list_has_any(codes, ['34108-1', '34131-3']) then 'EHR outpatient note'
        when list_has_any(codes, ['34112-3']) then 'EHR inpatient note'
        else 'EHR'
    end;

create or replace temp view report as
select
    landing_source as source,
    landing_file as file_id,
    'DiagnosticReport' as resource_type,
    id as resource_id,
    landing.reference_to(subject.reference, 'Patient') as patient_id,
    landing.reference_to(coalesce(encounter, context).reference, 'Encounter') as encounter_id,
    case
        when mapping.is_modified("modifierExtension") then 'MODIFIER_EXTENSION'
        when mapping.drops_status('DiagnosticReport', status) then 'STATUS'
    end as refused,
    mapping.dated("effectiveDateTime", mapping.first_dated(["effectivePeriod".start, issued])) as start_text,
    "effectivePeriod"."end" as end_text,
    mapping.note_type(list_concat(
        json_extract_string(mapping.json_of(category), '$[*].coding[*].code'),
        json_extract_string(mapping.json_of(category), '$.coding[*].code'),
        list_transform(code.coding, lambda x: x.code)
    )) as type,
    code,
    coalesce("conclusionCode", "codedDiagnosis") as conclusion_codes,
    coalesce(code.text, code.coding[1].display) as title,
    conclusion,
    language,
    "presentedForm" as attachments,
    result as results,
    mapping.practitioner_of(list_concat(
        list_transform("resultsInterpreter", lambda x: x.reference),
        list_transform(performer, lambda x: coalesce(x.actor.reference, x.reference))
    )) as provider
from landing.diagnostic_report;

create or replace temp view document as
select
    landing_source as source,
    landing_file as file_id,
    'DocumentReference' as resource_type,
    id as resource_id,
    landing.reference_to(subject.reference, 'Patient') as patient_id,
    list_filter(
        list_transform(
            list_concat(
                json_extract_string(mapping.json_of(context), '$.encounter[*].reference'),
                json_extract_string(mapping.json_of(context), ['$.encounter.reference']),
                json_extract_string(mapping.json_of(context), '$[*].reference')
            ),
            lambda x: landing.reference_to(x, 'Encounter')
        ),
        lambda x: x is not null
    )[1] as encounter_id,
    case
        when mapping.is_modified("modifierExtension") then 'MODIFIER_EXTENSION'
        when mapping.drops_status('DocumentReference', status) then 'STATUS'
        when "docStatus" in ('registered', 'partial', 'preliminary', 'cancelled', 'deprecated', 'entered-in-error', 'unknown') then 'STATUS'
    end as refused,
    mapping.dated(date, mapping.first_dated([created, indexed])) as start_text,
    coalesce(mapping.json_of(context) ->> '$.period.start', period.start) as period_start,
    mapping.note_type(list_concat(
        list_transform(type.coding, lambda x: x.code),
        list_transform(flatten(list_transform(category, lambda x: x.coding)), lambda x: x.code)
    )) as type,
    coalesce(type, category[1], class) as class,
    coalesce(type.text, type.coding[1].display) as title,
    language,
    coalesce(nullif(list_transform(content, lambda x: x.attachment), []), [null]) as attachments,
    mapping.practitioner_of(list_append(list_transform(author, lambda x: x.reference), authenticator.reference)) as provider
from landing.document_reference;
