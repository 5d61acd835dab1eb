-- DeviceUsage, as R5 calls a DeviceUseStatement → device_exposure. Rules: docs/mapping.md#device-and-deviceusestatement.

from device_use_event
where resource_type = 'DeviceUsage'
