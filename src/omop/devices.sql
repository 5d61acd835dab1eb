-- Devices and their use, for the extracts of both. Rules: docs/mapping.md#device-and-deviceusestatement.

-- The part of a human-readable UDI (GS1) that says which piece it is: all that follows the number of its kind.
create or replace macro mapping.production_identifier(udi) as nullif(regexp_extract(udi, '^\(01\)\d+(\(.+)$', 1), '');

create or replace temp table described_device as
select
    landing_source,
    landing_file,
    id,
    "modifierExtension",
    status,
    patient,
    coalesce(
        mapping.first_codeable_concept(type),
        {'coding': null, 'text': coalesce("deviceName"[1].name, name[1].value, udi.name)}
    ) as code,
    coalesce(carrier."carrierHRF", carrier."deviceIdentifier", "distinctIdentifier") as unique_device_id,
    coalesce(mapping.production_identifier(carrier."carrierHRF"), "serialNumber", "lotNumber") as production_id,
    "manufactureDate" as manufactured
from (
    select *, coalesce("udiCarrier"[1], struct_pack("deviceIdentifier" := udi."deviceIdentifier", "carrierHRF" := udi."carrierHRF")) as carrier
    from landing.device
);

create or replace temp table device_use as
select
    landing_source,
    landing_file,
    "resourceType",
    id,
    "modifierExtension",
    status,
    coalesce(subject, patient) as patient,
    context,
    landing.reference_to(device_name, 'Device') as device_id,
    coalesce(
        mapping.first_codeable_concept(mapping.json_of(device) ->> '$.concept'),
        mapping.first_codeable_concept(list_filter(contained, lambda x: '#' || x.id = device_name)[1].type)
    ) as code,
    coalesce(mapping.json_of(device) ->> '$.reference.display', mapping.json_of(device) ->> '$.display') as display,
    list_filter(
        [
            "timingDateTime", "timingPeriod".start, "timingTiming".event[1], "timingTiming".repeat."boundsPeriod".start,
            "whenUsed".start
        ],
        lambda x: mapping.first_day(x) is not null
    )[1] as used,
    coalesce("timingPeriod"."end", "timingTiming".repeat."boundsPeriod"."end", "whenUsed"."end") as used_until,
    coalesce("recordedOn", "dateAsserted") as recorded,
    coalesce(source, "informationSource") as informant
from (
    select *, coalesce(mapping.json_of(device) ->> '$.reference.reference', mapping.json_of(device) ->> '$.reference') as device_name
    from (from landing.device_use_statement union all by name from landing.device_usage)
);

create or replace temp view device_use_event as
select
    use.landing_source as source,
    use.landing_file as file_id,
    use."resourceType" as resource_type,
    use.id as resource_id,
    0 as part,
    landing.reference_to(use.patient.reference, 'Patient') as patient_id,
    landing.reference_to(use.context.reference, 'Encounter') as encounter_id,
    case
        when mapping.is_modified(use."modifierExtension") then 'MODIFIER_EXTENSION'
        when mapping.drops_status(use."resourceType", use.status) then 'STATUS'
    end as refused,
    'device_exposure' as natural_table,
    'device' as role,
    coalesce(use.code, device.code, {'coding': null, 'text': use.display}) as code,
    coalesce(use.used, mapping.dated(use.recorded, device.manufactured)) as start_text,
    case
        when use.used is not null then null
        when mapping.first_day(use.recorded) is not null then 'record date'
        else 'manufacture date'
    end as start_taken_from,
    use.used_until as end_text,
    'EHR' as type,
    device.unique_device_id,
    device.production_id,
    mapping.practitioner_of([use.informant.reference]) as provider
from device_use use
left join described_device device
    on device.landing_source = use.landing_source and device.id = use.device_id;
