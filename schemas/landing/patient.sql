create table if not exists landing.patient (
    landing_source        varchar not null,
    landing_file          integer not null,
    "resourceType"        varchar,
    id                    varchar,
    meta                  landing.meta,
    "modifierExtension"   struct(url varchar)[],
    extension             struct(
                              url varchar,
                              "valueCode" varchar,
                              "valueCoding" landing.coding,
                              extension struct(url varchar, "valueCoding" landing.coding, "valueString" varchar)[]
                          )[],
    gender                varchar,
    "birthDate"           varchar,
    "_birthDate"          struct(extension struct(url varchar, "valueDateTime" varchar)[]),
    "deceasedBoolean"     boolean,
    "deceasedDateTime"    varchar,
    address               struct(
                              use varchar,
                              line varchar[],
                              city varchar,
                              district varchar,
                              state varchar,
                              "postalCode" varchar,
                              country varchar
                          )[],
    "generalPractitioner"  landing.reference[],
    "managingOrganization" landing.reference
);
