import { existsSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { csvFiles } from "../../src/ingest/csv-files.ts";
import { mapToOmop } from "../../src/omop/map-to-omop.ts";
import { pipeline } from "../../src/pipeline/pipeline.ts";
import { openWarehouse } from "../../src/warehouse/warehouse.ts";
import { vocabularyCache } from "../support/folder.ts";
import { projectFile } from "../support/sources.ts";

const data = projectFile("../shared/data");
const here = existsSync(data);
const title = here ? "ETL-Synthea's rules" : "ETL-Synthea's rules (left out: ../shared/data is not there)";

// Its own way to visits (AllVisitTable, AAVITable, final_visit_ids): ends of stays by counting how many have begun and ended,
// then every encounter beside all visits that it falls into, and the one that goes before.
const visitsInItsWay = `
  with encounter as (
    select "Id" as id, "PATIENT" as patient, "ENCOUNTERCLASS" as class, "START"[:10]::date as start, "STOP"[:10]::date as stop
    from landing.csv_encounters
  ),
  boundary as (
    select patient, start as day, -1 as kind, row_number() over (partition by patient order by start, stop) as begun
    from encounter where class = 'inpatient'
    union all
    select patient, stop + 1, 1, null from encounter where class = 'inpatient'
  ),
  stay_end as (
    select patient, day - 1 as stop
    from (
      select patient, day,
        max(begun) over (partition by patient order by day, kind rows unbounded preceding) as begun,
        row_number() over (partition by patient order by day, kind) as number
      from boundary
    )
    where 2 * begun = number
  ),
  visit as (
    select patient, 'inpatient' as class, min(start) as start, stop
    from (
      select encounter.patient, encounter.id, encounter.start, min(stay_end.stop) as stop
      from encounter join stay_end on stay_end.patient = encounter.patient and stay_end.stop >= encounter.start
      where class = 'inpatient' group by all
    )
    group by patient, stop
    union all
    select patient, class, start, max(stop)
    from encounter where class in ('emergency', 'ambulatory', 'wellness', 'outpatient') group by patient, class, start
  ),
  assigned as (
    select encounter.id, visit.*
    from encounter
    join visit on visit.patient = encounter.patient and encounter.start between visit.start and visit.stop
    where case
      when encounter.class = 'inpatient' then visit.class = 'inpatient'
      when encounter.class = 'emergency' then
        (visit.class = 'inpatient' and encounter.start > visit.start) or (visit.class = 'emergency' and encounter.start = visit.start)
      else visit.class = 'inpatient' or (visit.class = encounter.class and encounter.start = visit.start)
    end
    qualify row_number() over (partition by encounter.id order by visit.class <> 'inpatient') = 1
  )
  select
    patient,
    start::varchar as start,
    stop::varchar as stop,
    case class when 'inpatient' then 9201 when 'emergency' then 9203 else 9202 end as concept
  from (select distinct patient, class, start, stop from assigned) order by all`;

/** Rows of one file whose code means a standard concept of a domain, one a concept. */
const rowsOfDomain = (file: string, domain: string) => `
  select count(*) as rows
  from landing.csv_${file} line
  join vocab.concept source on source.concept_code = line."CODE" and source.vocabulary_id = 'SNOMED'
  join vocab.concept_relationship maps
    on maps.concept_id_1 = source.concept_id and maps.relationship_id = 'Maps to' and maps.invalid_reason is null
  join vocab.concept standard on standard.concept_id = maps.concept_id_2 and standard.standard_concept = 'S'
  where standard.domain_id = '${domain}'`;

describe.skipIf(!here)(title, { timeout: 120_000 }, () => {
  test("give the visits, conditions and procedures that its own queries give", async () => {
    const vocabulary = join(data, "omop-vocabulary/combined");
    await using warehouse = await openWarehouse(":memory:", { vocabulary, vocabularyCache });
    const read = csvFiles(join(data, "csv-synthea-dbt"), { mapping: "synthea" });
    const { tables } = await pipeline(read, mapToOmop({ ruleset: "etl-synthea" })).run(warehouse);

    const visits = await warehouse.rows(
      `select person_source_value as patient, visit_start_date as start, visit_end_date as stop, visit_concept_id as concept
       from cdm.visit_occurrence join cdm.person using (person_id) order by all`,
    );
    expect(visits).toEqual(await warehouse.rows(visitsInItsWay));
    expect(visits.length).toBeGreaterThan(400);

    const rowsFrom = async (table: string, file: string) =>
      (await warehouse.row(
        `select count(*) as rows from mapping.lineage where cdm_table = '${table}' and resource_type = '${file}.csv'`,
      ))!.rows;
    expect(await warehouse.row(rowsOfDomain("conditions", "Condition"))).toEqual({
      rows: await rowsFrom("condition_occurrence", "conditions"),
    });
    expect(await warehouse.row(rowsOfDomain("procedures", "Procedure"))).toEqual({
      rows: await rowsFrom("procedure_occurrence", "procedures"),
    });
    expect(tables.visit_detail).toBe(tables.visit_occurrence);
  });
});
