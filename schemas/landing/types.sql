-- The FHIR data types that landing tables are made of (FHIR R4, section "Data Types"), cut to the members that a
-- mapping reads. Dates stay text: their precision carries meaning.

create type if not exists landing.coding as struct(system varchar, code varchar, display varchar, "userSelected" boolean);
create type if not exists landing.codeable_concept as struct(coding landing.coding[], text varchar);
create type if not exists landing.reference as struct(reference varchar, type varchar);
create type if not exists landing.named_reference as struct(reference varchar, type varchar, display varchar);
create type if not exists landing.period as struct(start varchar, "end" varchar);
create type if not exists landing.quantity as struct(value double, comparator varchar, unit varchar, system varchar, code varchar);
create type if not exists landing.quantity_range as struct(low landing.quantity, high landing.quantity);
create type if not exists landing.ratio as struct(numerator landing.quantity, denominator landing.quantity);
create type if not exists landing.sampled_data as struct(origin landing.quantity, data varchar);
create type if not exists landing.timing as struct(event varchar[], repeat struct("boundsPeriod" landing.period));
create type if not exists landing.meta as struct("lastUpdated" varchar, "versionId" varchar);

-- Since R5 a member may be a code or a reference in one.
create type if not exists landing.codeable_reference as struct(concept landing.codeable_concept, reference landing.named_reference);

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

-- A line of a dosage.
create type if not exists landing.dosage as struct(
    text varchar,
    "patientInstruction" varchar,
    timing varchar,                             -- JSON
    "asNeededBoolean" boolean,
    "asNeededCodeableConcept" varchar,          -- JSON
    "asNeeded" boolean,                         -- R5, as the next
    "asNeededFor" varchar,                      -- JSON: several
    route landing.codeable_concept,
    "doseQuantity" landing.quantity,            -- STU3
    "doseAndRate" varchar                       -- JSON: several
);

create type if not exists landing.attachment as struct(
    "contentType" varchar,
    language varchar,
    data varchar,               -- base64
    url varchar,
    title varchar,
    creation varchar
);

-- STU3 says the currency as a code.
create type if not exists landing.money as struct(value double, currency varchar, code varchar);
create type if not exists landing.amount as struct(category landing.codeable_concept, amount landing.money);

-- A line of a Claim, or of an ExplanationOfBenefit with what was decided about it.
create type if not exists landing.billed_item as struct(
    sequence integer,
    "procedureSequence" integer[],
    "procedureLinkId" integer[],                -- STU3: procedureSequence
    encounter landing.reference[],
    net landing.money,
    adjudication landing.amount[]
);
