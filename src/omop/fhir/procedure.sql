-- Procedure → procedure_occurrence, or where the domain of its concept leads. Rules: docs/mapping.md#procedure.

select
    landing_source as source,
    landing_file as file_id,
    'Procedure' as resource_type,
    id as resource_id,
    0 as part,
    landing.reference_to(subject.reference, 'Patient') as patient_id,
    landing.reference_to(coalesce(encounter, context).reference, 'Encounter') as encounter_id,
    case
        when mapping.is_modified("modifierExtension") then 'MODIFIER_EXTENSION'
        when mapping.drops_status('Procedure', status) or "notDone" or "notPerformed" then 'STATUS'
    end as refused,
    'procedure_occurrence' as natural_table,
    'procedure' as role,
    code,
    mapping.dated(done, case when mapping.first_day(in_words) is not null then in_words end) as start_text,
    case when mapping.first_day(done) is null and mapping.first_day(in_words) is not null then 'words' end as start_taken_from,
    mapping.age(coalesce("performedAge", "performedRange".low, "occurrenceAge", "occurrenceRange".low)) as start_after_birth,
    done_over."end" as end_text,
    'EHR' as type,
    mapping.practitioner_of(list_transform(performer, lambda x: x.actor.reference)) as provider
from (
    select *, mapping.dated("performedDateTime", coalesce(done_over.start, "occurrenceDateTime", mapping.start_of_timing("occurrenceTiming"))) as done
    from (
        select
            *,
            coalesce("performedPeriod", "occurrencePeriod") as done_over,
            coalesce("performedString", "occurrenceString") as in_words
        from landing.procedure
    )
)
