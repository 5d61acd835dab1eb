-- Coverage → payer_plan_period. Rules: docs/mapping.md#coverage. Who pays may be the patient, whose name is not copied.

select
    coverage.landing_source as source,
    coverage.landing_file as file_id,
    'Coverage' as resource_type,
    coverage.id as resource_id,
    landing.reference_to(coverage.beneficiary.reference, 'Patient') as patient_id,
    case
        when mapping.is_modified(coverage."modifierExtension") then 'MODIFIER_EXTENSION'
        when mapping.drops_status('Coverage', coverage.status) then 'STATUS'
    end as refused,
    coverage.period.start as start_text,
    coverage.period."end" as end_text,
    coverage.type as payer,
    coalesce(
        organization.name,
        case when coverage.payer.reference is null or contains(coverage.payer.reference, 'Organization/') then coverage.payer.display end,
        case when contains(coverage.payer.reference, 'Organization/') then coverage.organization end
    ) as payer_source_value,
    coalesce(
        coverage."grouping".plan,
        list_filter(coverage.classes, lambda x: x.kind = 'plan')[1].value,
        coverage.type.text,
        coverage.type.coding[1].display
    ) as plan_source_value,
    coalesce(coverage."grouping"."group", list_filter(coverage.classes, lambda x: x.kind = 'group')[1].value) as family_source_value
from (
    select
        * exclude (class),
        coalesce(payor[1], insurer) as payer,
        landing.reference_to(coalesce(payor[1], insurer).reference, 'Organization') as organization,
        list_transform(
            class,
            lambda x: struct_pack(kind := x.type.coding[1].code, value := coalesce(mapping.json_of(x.value) ->> '$.value', x.value))
        ) as classes
    from landing.coverage
) coverage
left join landing.organization organization
    on organization.landing_source = coverage.landing_source and organization.id = coverage.organization
