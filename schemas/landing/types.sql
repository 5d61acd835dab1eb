-- The FHIR data types that landing tables are made of (FHIR R4, section "Data Types"), cut to the members that a
-- mapping reads. Dates stay text: their precision carries meaning.

create type if not exists landing.coding as struct(system varchar, code varchar, display varchar, "userSelected" boolean);
create type if not exists landing.codeable_concept as struct(coding landing.coding[], text varchar);
create type if not exists landing.reference as struct(reference varchar, type varchar);
create type if not exists landing.period as struct(start varchar, "end" varchar);
create type if not exists landing.quantity as struct(value double, comparator varchar, unit varchar, system varchar, code varchar);
create type if not exists landing.meta as struct("lastUpdated" varchar, "versionId" varchar);

-- Since R5 a member may be a code or a reference in one.
create type if not exists landing.codeable_reference as struct(concept landing.codeable_concept, reference landing.reference);

create type if not exists landing.ingredient as struct(
    "itemCodeableConcept" landing.codeable_concept,
    "itemReference" landing.reference,
    item landing.codeable_reference,
    "isActive" boolean
);

-- A Medication inside the resource that names it, or a Substance that is its ingredient.
create type if not exists landing.contained_medication as struct(
    id varchar,
    code landing.codeable_concept,
    ingredient landing.ingredient[],
    batch struct("lotNumber" varchar)
);

create type if not exists landing.attachment as struct(
    "contentType" varchar,
    language varchar,
    data varchar,               -- base64
    url varchar,
    title varchar,
    creation varchar
);
