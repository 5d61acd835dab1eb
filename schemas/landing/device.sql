create table if not exists landing.device (
    landing_source        varchar not null,
    landing_file          integer not null,
    "resourceType"        varchar,
    id                    varchar,
    meta                  landing.meta,
    "modifierExtension"   struct(url varchar)[],
    status                varchar,
    type                  varchar,            -- a CodeableConcept as text; in R5 several
    patient               landing.reference,
    udi                   struct("deviceIdentifier" varchar, name varchar, "carrierHRF" varchar), -- STU3
    "udiCarrier"          struct("deviceIdentifier" varchar, "carrierHRF" varchar)[],
    "distinctIdentifier"  varchar,
    "deviceName"          struct(name varchar)[],
    name                  struct(value varchar)[], -- R5
    "manufactureDate"     varchar,
    "lotNumber"           varchar,
    "serialNumber"        varchar
);
