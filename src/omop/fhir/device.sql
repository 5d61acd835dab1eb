-- Device of a patient → device_exposure, unless its use is a record of its own. Rules:
-- docs/mapping.md#device-and-deviceusestatement.

select
    device.landing_source as source,
    device.landing_file as file_id,
    'Device' as resource_type,
    device.id as resource_id,
    0 as part,
    landing.reference_to(device.patient.reference, 'Patient') as patient_id,
    case
        when mapping.is_modified(device."modifierExtension") then 'MODIFIER_EXTENSION'
        when mapping.drops_status('Device', device.status) then 'STATUS'
        when use.device_id is not null then 'REFERENCE'
    end as refused,
    'device_exposure' as natural_table,
    'device' as role,
    device.code,
    device.manufactured as start_text,
    'manufacture date' as start_taken_from,
    'EHR' as type,
    device.unique_device_id,
    device.production_id
from described_device device
left join (
    select distinct landing_source, device_id
    from device_use
    where status is distinct from 'entered-in-error'
) use
    on use.landing_source = device.landing_source and use.device_id = device.id
