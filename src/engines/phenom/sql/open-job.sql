-- What the files of a batch hold, row by row; `fault` says why a row is not used. And the Charlson index as tables.
create schema {{job}};

-- `first_row` is the rowid of the first row of a file in its table: rows keep the order that they have in the file.
create table {{job}}.source_file (file_number integer, object_type varchar, file varchar, first_row bigint);

create table {{job}}.patient_row (
    patient_id  varchar,
    birth_date  varchar,
    sex         varchar,
    zip3        varchar,
    file_number integer,
    fault       varchar
);

-- A laboratory result has the code system LOINC.
create table {{job}}.event_row (
    kind        varchar,
    patient_id  varchar,
    day         varchar,
    code        varchar,
    code_type   varchar,
    file_number integer,
    fault       varchar
);

-- Rows that are no CSV.
create table {{job}}.unreadable_row (file_number integer, file_row bigint, fault varchar);

create table {{job}}.diagnosis_group (code varchar, code_type varchar, charlson_group varchar);
create table {{job}}.group_weight (charlson_group varchar, points integer);
create table {{job}}.group_hierarchy (lighter varchar, heavier varchar);
create table {{job}}.standing (
    index                           integer,
    probability                     double,
    prob_lower_95_percent_bound     double,
    prob_upper_95_percent_bound     double,
    relative_probability            double,
    rel_lower_95_percent_bound      double,
    rel_upper_95_percent_bound      double,
    bin_id                          integer,
    num_bins                        integer
);
create table {{job}}.outcome (position bigint, outcome_id varchar);
