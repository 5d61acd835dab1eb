-- MedicationRequest → drug_exposure. Rules: docs/mapping.md#medicationrequest. The drug is named in the request itself, in a
-- contained Medication, or in a Medication of its own.

select
    request.landing_source as source,
    request.landing_file as file_id,
    'MedicationRequest' as resource_type,
    request.id as resource_id,
    0 as part,
    landing.reference_to(request.subject.reference, 'Patient') as patient_id,
    landing.reference_to(request.encounter.reference, 'Encounter') as encounter_id,
    case
        when len(request."modifierExtension") > 0 then 'MODIFIER_EXTENSION'
        when request.status is null or request.status not in ('active', 'completed', 'stopped') then 'STATUS'
        when request.intent not like '%order' then 'INTENT'
        when request."doNotPerform" then 'DO_NOT_PERFORM'
    end as refused,
    'drug_exposure' as natural_table,
    'drug' as role,
    coalesce(
        request."medicationCodeableConcept",
        list_filter(request.contained, lambda x: '#' || x.id = request."medicationReference".reference)[1].code,
        medication.code
    ) as code,
    mapping.dated(request."authoredOn", request."dispenseRequest"."validityPeriod".start) as start_text,
    request."dispenseRequest"."validityPeriod"."end" as end_text,
    'EHR prescription' as type,
    request."dispenseRequest".quantity.value as quantity,
    case
        when supply.value <= 0 then null
        when coalesce(supply.code, supply.unit) in ('d', 'day', 'days') then try_cast(supply.value as integer)
        when coalesce(supply.code, supply.unit) in ('wk', 'week', 'weeks') then try_cast(supply.value * 7 as integer)
    end as days_supply,
    request."dispenseRequest"."numberOfRepeatsAllowed" as refills,
    request."dosageInstruction"[1].text as sig,
    request."dosageInstruction"[1].route as route,
    coalesce(request."statusReason".coding[1].display, request."statusReason".text) as stop_reason
from (
    select *, "dispenseRequest"."expectedSupplyDuration" as supply
    from landing.medication_request
) request
left join landing.medication medication
    on medication.landing_source = request.landing_source
    and medication.id = landing.reference_to(request."medicationReference".reference, 'Medication')
