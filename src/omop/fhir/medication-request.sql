-- MedicationRequest → drug_exposure. Rules: docs/mapping.md#medicationrequest.

select
    landing_source as source,
    landing_file as file_id,
    'MedicationRequest' as resource_type,
    id as resource_id,
    part,
    landing.reference_to(subject.reference, 'Patient') as patient_id,
    landing.reference_to(coalesce(encounter, context).reference, 'Encounter') as encounter_id,
    case
        when mapping.is_modified("modifierExtension") then 'MODIFIER_EXTENSION'
        when mapping.drops_status('MedicationRequest', status) then 'STATUS'
        when intent not like '%order' then 'INTENT'
        when "doNotPerform" then 'DO_NOT_PERFORM'
    end as refused,
    'drug_exposure' as natural_table,
    'drug' as role,
    code,
    mapping.dated(begun, "dispenseRequest"."validityPeriod".start) as start_text,
    case when mapping.first_day(begun) is null then 'validity period' end as start_taken_from,
    mapping.dated(dosing_end, case when dosing_days is null then "dispenseRequest"."validityPeriod"."end" end) as end_text,
    dosing_end as verbatim_end_text,
    coalesce(dosing_days, 30) as default_days, -- a written prescription without end: Themis #57
    'EHR prescription' as type,
    "dispenseRequest".quantity.value as quantity,
    mapping.days_of(supply.value, coalesce(supply.code, supply.unit)) as days_supply,
    "dispenseRequest"."numberOfRepeatsAllowed" as refills,
    mapping.sig_of("dosageInstruction", lines) as sig,
    mapping.route_of("dosageInstruction") as route,
    coalesce(dose.unit, dose.code) as dose_unit,
    mapping.words_of("statusReason") as stop_reason,
    landing.canonical_reference(coalesce(requester.reference, requester.agent.reference)) as provider
from (
    select
        *,
        "dispenseRequest"."expectedSupplyDuration" as supply,
        case when lines is not null then lines[1].dose."doseQuantity" end as dose,
        mapping.dated(
            "authoredOn",
            coalesce(
                "effectiveDosePeriod".start,
                case
                    when lines is not null
                    then coalesce(lines[1].schedule.event[1], lines[1].schedule.repeat."boundsPeriod".start)
                end
            )
        ) as begun,
        coalesce(
            "effectiveDosePeriod"."end",
            -- Lines may hold side by side; where the last one has no end, none is known.
            case
                when lines[-1].schedule.repeat."boundsPeriod"."end" is not null
                then list_max(list_transform(lines, lambda line: line.schedule.repeat."boundsPeriod"."end"))
            end
        ) as dosing_end,
        -- Of several lines it is not known which hold side by side and which one after the other.
        case when len(lines) = 1 then mapping.days_of(duration.value, coalesce(duration.code, duration.unit)) end as dosing_days
    from (
        select
            *,
            mapping.dosage_lines("dosageInstruction") as lines,
            lines[1].schedule.repeat."boundsDuration" as duration
        from with_drugs('MedicationRequest', 'landing.medication_request')
    )
)
