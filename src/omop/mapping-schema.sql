-- The tables of schema mapping: how records became rows. Made anew by every mapping.

-- Constants of fields whose source is no code of a vocabulary (schemas/concept-map.csv), as far as the loaded vocabulary
-- allows: of several choices the first that is standard there; one that is there but not standard becomes 0.
create table if not exists mapping.concept_map (
    key         varchar not null,
    concept_id  bigint not null,
    name        varchar not null,
    in_vocabulary boolean not null,
    domain_id   varchar             -- NULL: not in the vocabulary
);

-- How each code was resolved: one row a code and target concept.
create table if not exists mapping.code_mapping (
    role                    varchar not null,   -- condition, procedure, observation, drug, vaccine, value, unit, route
    code_key                ubigint not null,   -- which CodeableConcept; stable within one run only
    system                  varchar,            -- of the chosen coding, as sent
    code                    varchar,
    display                 varchar,
    source_value            varchar,            -- code, or text where there is no code
    vocabulary_id           varchar,
    source_concept_id       bigint not null,
    target                  integer not null,   -- 0, 1, … where one code maps to several concepts
    concept_id              bigint not null,
    domain_id               varchar,
    tables                  varchar[],          -- the CDM tables that the domain leads to; NULL: unmapped
    statement               boolean not null,   -- a finding that stands by itself; false: what something is said about
    value_concept_id        bigint,             -- from 'Maps to value'
    status                  varchar not null,   -- ALREADY_STANDARD, MAPPED, UNMAPPED, LEFT_OUT (option concepts)
    found_by                varchar,            -- CODE, SPELLING, FOCUS_CONCEPT, NDC_PRODUCT, USER_RULE; NULL: not found
    records                 bigint              -- CDM rows that used it
);

-- The codes without standard concept, and words that came without code, by how many CDM rows want one.
create table if not exists mapping.unmapped (
    role            varchar not null,
    system          varchar,            -- as sent; NULL: none was sent
    code            varchar,            -- NULL: only words were sent
    display         varchar,
    vocabulary_id   varchar,            -- NULL: the system is not known
    rows            bigint not null,
    tables          varchar[] not null
);

-- Records that left no row, and components (part 1, 2, …) that left none of their own.
create table if not exists mapping.dropped (
    source          varchar not null,
    file_id         integer not null,
    resource_type   varchar not null,
    resource_id     varchar not null,
    part            integer not null,
    reason          varchar not null,
    whole_record    boolean not null,   -- the record left no row at all; true once a record
    patient_id      varchar
);

-- How often each code of a person was used, in whatever role; person 0: by what belongs to no person.
create table if not exists mapping.code_use (
    person_id       bigint not null,
    role            varchar not null,
    code_key        ubigint not null,
    target          integer not null,
    cdm_table       varchar not null,
    rows            bigint not null
);

-- Which record every CDM row came from. The key of a row's id is (table, source, resource type, id, part, target).
create table if not exists mapping.lineage (
    cdm_table       varchar not null,
    cdm_id          bigint not null,
    source          varchar not null,
    file_id         integer not null,
    resource_type   varchar not null,
    resource_id     varchar not null,
    part            integer not null,
    target          integer not null,
    imputed         varchar             -- which date was completed or filled in, and from what
);

-- Texts that were longer than their column and were cut to it.
create table if not exists mapping.text_cut (
    cdm_table       varchar not null,
    cdm_column      varchar not null,
    length          integer not null,
    rows            bigint not null,
    person_id       bigint              -- 0: in a row that is of no person
);

-- What became of the records of each file.
create table if not exists mapping.file_fate (
    file_id         integer not null,
    resource_type   varchar not null,
    mapped          bigint not null,
    reference       bigint not null,
    dropped         bigint not null
);
