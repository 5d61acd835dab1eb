-- The FHIR data types that landing tables are made of (FHIR R4, section "Data Types"), cut to the members that a
-- mapping reads. Dates stay text: their precision carries meaning.

create type if not exists landing.coding as struct(system varchar, code varchar, display varchar, "userSelected" boolean);
create type if not exists landing.codeable_concept as struct(coding landing.coding[], text varchar);
create type if not exists landing.reference as struct(reference varchar, type varchar);
create type if not exists landing.period as struct(start varchar, "end" varchar);
create type if not exists landing.quantity as struct(value double, comparator varchar, unit varchar, system varchar, code varchar);
create type if not exists landing.meta as struct("lastUpdated" varchar, "versionId" varchar);
