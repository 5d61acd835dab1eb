// The tables that the plain way fills, and how rows get there: in data chunks, which DuckDB's appender takes in half the time
// of single values.

import {
  DATE,
  DOUBLE,
  type DuckDBAppender,
  type DuckDBConnection,
  DuckDBDataChunk,
  type DuckDBType,
  type DuckDBValue,
  INTEGER,
  TIMESTAMP,
  VARCHAR,
} from "@duckdb/node-api";

const types: Readonly<Record<string, DuckDBType>> = {
  i: INTEGER,
  n: DOUBLE,
  t: VARCHAR,
  d: DATE,
  s: TIMESTAMP,
};

/** The columns of each table in the order of its rows, each with a letter for its type. */
const columns = {
  person: `person_id:i gender_concept_id:i year_of_birth:i month_of_birth:i day_of_birth:i birth_datetime:s
    race_concept_id:i ethnicity_concept_id:i location_id:i person_source_value:t gender_source_value:t
    gender_source_concept_id:i race_source_value:t race_source_concept_id:i ethnicity_source_value:t
    ethnicity_source_concept_id:i`,
  location: `location_id:i address_1:t address_2:t city:t state:t zip:t county:t location_source_value:t
    country_concept_id:i country_source_value:t`,
  death: "person_id:i death_date:d death_datetime:s death_type_concept_id:i",
  visit_occurrence: `visit_occurrence_id:i person_id:i visit_concept_id:i visit_start_date:d visit_start_datetime:s
    visit_end_date:d visit_end_datetime:s visit_type_concept_id:i visit_source_value:t visit_source_concept_id:i
    discharged_to_concept_id:i discharged_to_source_value:t preceding_visit_occurrence_id:i`,
  condition_occurrence: `condition_occurrence_id:i person_id:i condition_concept_id:i condition_start_date:d
    condition_start_datetime:s condition_end_date:d condition_end_datetime:s condition_type_concept_id:i
    condition_status_concept_id:i visit_occurrence_id:i condition_source_value:t condition_source_concept_id:i
    condition_status_source_value:t`,
  procedure_occurrence: `procedure_occurrence_id:i person_id:i procedure_concept_id:i procedure_date:d
    procedure_datetime:s procedure_end_date:d procedure_end_datetime:s procedure_type_concept_id:i
    visit_occurrence_id:i procedure_source_value:t procedure_source_concept_id:i`,
  drug_exposure: `drug_exposure_id:i person_id:i drug_concept_id:i drug_exposure_start_date:d
    drug_exposure_start_datetime:s drug_exposure_end_date:d drug_exposure_end_datetime:s drug_type_concept_id:i
    refills:i quantity:n days_supply:i sig:t route_concept_id:i lot_number:t visit_occurrence_id:i drug_source_value:t
    drug_source_concept_id:i route_source_value:t dose_unit_source_value:t`,
  device_exposure: `device_exposure_id:i person_id:i device_concept_id:i device_exposure_start_date:d
    device_exposure_start_datetime:s device_exposure_end_date:d device_exposure_end_datetime:s
    device_type_concept_id:i quantity:i visit_occurrence_id:i device_source_value:t device_source_concept_id:i`,
  measurement: `measurement_id:i person_id:i measurement_concept_id:i measurement_date:d measurement_datetime:s
    measurement_type_concept_id:i operator_concept_id:i value_as_number:n value_as_concept_id:i unit_concept_id:i
    range_low:n range_high:n visit_occurrence_id:i measurement_source_value:t measurement_source_concept_id:i
    unit_source_value:t unit_source_concept_id:i value_source_value:t`,
  observation: `observation_id:i person_id:i observation_concept_id:i observation_date:d observation_datetime:s
    observation_type_concept_id:i value_as_number:n value_as_string:t value_as_concept_id:i qualifier_concept_id:i
    unit_concept_id:i visit_occurrence_id:i observation_source_value:t observation_source_concept_id:i
    unit_source_value:t qualifier_source_value:t value_source_value:t`,
  observation_period: `observation_period_id:i person_id:i observation_period_start_date:d
    observation_period_end_date:d period_type_concept_id:i`,
  condition_era: `condition_era_id:i person_id:i condition_concept_id:i condition_era_start_date:d
    condition_era_end_date:d condition_occurrence_count:i`,
  drug_era: `drug_era_id:i person_id:i drug_concept_id:i drug_era_start_date:d drug_era_end_date:d
    drug_exposure_count:i gap_days:i`,
  cdm_source: `cdm_source_name:t cdm_source_abbreviation:t cdm_holder:t source_description:t source_release_date:d
    cdm_release_date:d cdm_version:t cdm_version_concept_id:i vocabulary_version:t`,
  // Not of the CDM: which record each row came from, what is in no row and why, how codes were mapped.
  lineage: "cdm_table:t cdm_id:i resource_type:t resource_id:t part:i target:i imputed:t",
  dropped: "resource_type:t resource_id:t part:i reason:t",
  code_mapping: `role:t system:t code:t source_value:t vocabulary_id:t source_concept_id:i target:i concept_id:i
    value_concept_id:i records:i`,
} as const;

export type TableName = keyof typeof columns;
export const tableNames = Object.keys(columns) as TableName[];

export interface Tables {
  /** `row` holds a value a column, in their order. */
  readonly append: (table: TableName, row: DuckDBValue[]) => void;
  readonly counts: ReadonlyMap<TableName, number>;
  readonly close: () => void;
}

export async function createTables(connection: DuckDBConnection): Promise<Tables> {
  const counts = new Map<TableName, number>();
  const writers = new Map<TableName, (row: DuckDBValue[]) => void>();
  const endings: (() => void)[] = [];
  for (const table of tableNames) {
    const named = columns[table].split(/\s+/).map((column) => column.split(":") as [name: string, type: string]);
    await connection.run(`create table ${table} (${named.map(([name, type]) => `${name} ${types[type]}`).join(", ")})`);
    const appender = await connection.createAppender(table);
    const write = createChunks(
      appender,
      named.map(([, type]) => types[type]!),
    );
    counts.set(table, 0);
    writers.set(table, write.append);
    endings.push(write.close);
  }
  return {
    append(table, row) {
      counts.set(table, counts.get(table)! + 1);
      writers.get(table)!(row);
    },
    counts,
    close: () => {
      for (const end of endings) end();
    },
  };
}

/** 2,048 rows fill a chunk. */
function createChunks(appender: DuckDBAppender, columnTypes: DuckDBType[]) {
  let rows: DuckDBValue[][] = [];
  const flush = () => {
    const chunk = DuckDBDataChunk.create(columnTypes);
    chunk.setRows(rows);
    appender.appendDataChunk(chunk);
    rows = [];
  };
  return {
    append(row: DuckDBValue[]) {
      rows.push(row);
      if (rows.length === 2048) flush();
    },
    close() {
      if (rows.length > 0) flush();
      appender.closeSync();
    },
  };
}
