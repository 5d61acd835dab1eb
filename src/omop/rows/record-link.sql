-- Which rows are parts of which others: the components and members of a panel, the results of a report that has a row, and what
-- records say by partOf. Rules:
-- docs/mapping.md#facts-that-belong-together.

create or replace temp table record_link as
with named as (
    select landing_source, 'Procedure' as part_type, id as part_id, unnest("partOf").reference as whole from landing.procedure
    union all
    select landing_source, 'Observation', id, unnest("partOf").reference from landing.observation
    union all
    select landing_source, 'MedicationAdministration', id, unnest("partOf").reference from landing.medication_administration
    union all
    select landing_source, 'MedicationDispense', id, unnest("partOf").reference from landing.medication_dispense
    union all
    select landing_source, 'MedicationStatement', id, unnest("partOf").reference from landing.medication_statement
)
select
    landing_source as source,
    split_part(landing.canonical_reference(whole), '/', 1) as whole_type,
    split_part(landing.canonical_reference(whole), '/', 2) as whole_id,
    part_type,
    part_id,
    'Has part of' as relationship
from named
union
select
    landing_source,
    'Observation',
    id,
    'Observation',
    landing.reference_to(member.reference, 'Observation'),
    'Panel contains'
from (
    select landing_source, id, unnest(mapping.members_of("hasMember", related)) as member
    from landing.observation
    where len("hasMember") > 0 or len(related) > 0
)
union
select
    report.landing_source,
    'DiagnosticReport',
    report.id,
    'Observation',
    landing.reference_to(unnest(json_extract_string(mapping.json_of(report.result), '$[*].reference')), 'Observation'),
    'Has part of'
from landing.diagnostic_report report
semi join (
    select source, resource_id
    from event_row
    where resource_type = 'DiagnosticReport' and part = 0 and reason is null
) done
    on done.source = report.landing_source and done.resource_id = report.id
where report.result is not null;

-- The rows of the records that are linked: each record's own, or where it has none those of its components.
create or replace temp table linked_row as
select source, resource_type, resource_id, person_id, cdm_table, cdm_id
from event_row event
semi join (
    select source, whole_type as resource_type, whole_id as resource_id from record_link
    union
    select source, part_type, part_id from record_link
) record
    on record.source = event.source
    and record.resource_type = event.resource_type
    and record.resource_id = event.resource_id
where reason is null
qualify part = 0 or min(part) over (partition by source, resource_type, resource_id) > 0;

create or replace temp table row_link as
select
    whole.cdm_table as whole_table,
    whole.cdm_id as whole_id,
    part.cdm_table as part_table,
    part.cdm_id as part_id,
    link.relationship
from record_link link
join linked_row whole
    on whole.source = link.source and whole.resource_type = link.whole_type and whole.resource_id = link.whole_id
join linked_row part
    on part.source = link.source and part.resource_type = link.part_type and part.resource_id = link.part_id
where part.person_id = whole.person_id and part.cdm_id <> whole.cdm_id
union
select whole.cdm_table, whole.cdm_id, part.cdm_table, part.cdm_id, 'Panel contains'
from event_row whole
join event_row part
    on part.source = whole.source and part.resource_type = whole.resource_type and part.resource_id = whole.resource_id
where whole.panel and whole.reason is null and part.part > 0 and part.reason is null;

-- The panel of each row that belongs to one; of several panels one.
create or replace temp table panel_of_row as
select part_table, part_id, panel.whole_id as panel_id, field.concept_id as field_concept_id
from (
    select part_table, part_id, min(struct_pack(whole_id, whole_table)) as panel
    from row_link
    where relationship = 'Panel contains'
    group by part_table, part_id
)
left join concept_map field on field.key = 'event field:' || panel.whole_table;
