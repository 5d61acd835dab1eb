import {
  type CsvEvent,
  type CsvFileMapping,
  type CsvPerson,
  type CsvValue,
  type CsvVisit,
  csvFileMappingSchema,
} from "../../../schemas/csv-mapping.ts";
import { type ColumnNames, conditionSql, valueSql } from "../../ingest/csv-value.ts";
import { identifier, literal, sqlText } from "../../warehouse/sql-text.ts";
import type { Warehouse } from "../../warehouse/warehouse.ts";
import type { Extract } from "../extracts.ts";

/** A landing table that a mapping was stored for. */
interface MappedTable {
  readonly source: string;
  readonly table: string;
  /** The name of the file in the mapping. */
  readonly file: string;
  readonly columns: ColumnNames;
}

/** The extracts of all CSV files that have landed, from the mappings that the warehouse keeps of them. */
export async function csvExtracts(warehouse: Warehouse): Promise<Extract[]> {
  const stored = await warehouse.rows<{ source: string; landing_table: string; file: string; definition: string }>(
    "select source, landing_table, file, definition::varchar as definition from meta.csv_mapping order by all",
  );
  const extracts = stored.map(async ({ source, landing_table, file, definition }) => {
    const table = `landing.${identifier(landing_table)}`;
    const columns = new Set((await warehouse.columns(table)).map(({ name }) => name.toLowerCase()));
    return extractsOf(csvFileMappingSchema.parse(JSON.parse(definition)), { source, table, file, columns });
  });
  return (await Promise.all(extracts)).flat();
}

function extractsOf({ person, visit, events = [] }: CsvFileMapping, from: MappedTable): Extract[] {
  const extract = (shape: Extract["shape"], name: string, select: string): Extract => ({
    name: `${from.source} ${from.file} ${name}`,
    shape,
    select,
    resourceType: from.file,
  });
  if (person) return [extract("person", "person", personSelect(person, from))];
  if (visit) return [extract("visit", "visit", visitSelect(visit, from))];
  const selects = events.map((event, part) => extract("event", `events[${part}]`, eventSelect(event, part, from)));
  const conditions = events.flatMap(({ when }) => (when === undefined ? [] : [conditionSql(when, from.columns)]));
  if (conditions.length < events.length) return selects;
  const none = sqlText(import.meta.url, "no-event.sql", { ...partsOf(from), when: conditions.join(" or ") });
  return [...selects, extract("event", "no event", none)];
}

function personSelect({ address = {}, ...fields }: CsvPerson, from: MappedTable): string {
  const names = ["id", "birthDate", "gender", "race", "ethnicity", "deathDate"] as const;
  const ofAddress = ["line", "line2", "city", "county", "state", "zip", "country"] as const;
  return sqlText(import.meta.url, "person.sql", {
    ...partsOf(from),
    ...valueParts(names, fields, from),
    ...valueParts(ofAddress, address, from),
  });
}

function visitSelect(visit: CsvVisit, from: MappedTable): string {
  const names = ["id", "person", "class", "start", "end"] as const;
  return sqlText(import.meta.url, "visit.sql", { ...partsOf(from), ...valueParts(names, visit, from) });
}

/** What each kind of event is where no concept and no mapping says otherwise; SQL over the columns of event.sql. */
const kinds: Readonly<Record<CsvEvent["kind"], { natural_table: string; type: string; end_text?: string }>> = {
  condition: { natural_table: "'condition_occurrence'", type: "'EHR'" },
  procedure: { natural_table: "'procedure_occurrence'", type: "'EHR'" },
  observation: {
    natural_table: `case
        when lower(category) in ('laboratory', 'vital-signs') or mapping.number_of(value) is not null then 'measurement'
        else 'observation'
    end`,
    type: "case when lower(category) = 'laboratory' then 'Lab' else 'EHR' end",
  },
  drug: { natural_table: "'drug_exposure'", type: "'EHR prescription'" },
  vaccine: {
    natural_table: "'drug_exposure'",
    type: "'EHR administration record'",
    end_text: "coalesce(end_text, start_text)",
  },
};

const eventFields = [
  ...["person", "visit", "code", "system", "display", "start", "end"],
  ...["category", "value", "unit", "rangeLow", "rangeHigh"],
  ...["quantity", "daysSupply", "refills", "sig", "lotNumber"],
];

function eventSelect({ kind, type, when, ...fields }: CsvEvent, part: number, from: MappedTable): string {
  const ofKind = kinds[kind];
  return sqlText(import.meta.url, "event.sql", {
    ...partsOf(from),
    ...valueParts(eventFields, fields, from),
    part: String(part),
    role: literal(kind),
    natural_table: ofKind.natural_table,
    start_from_visit: String(kind === "condition"),
    end_text: ofKind.end_text ?? "end_text",
    type: type === undefined ? ofKind.type : literal(type),
    when: when === undefined ? "true" : conditionSql(when, from.columns),
  });
}

function partsOf({ source, table, file }: MappedTable): Record<string, string> {
  return { source: literal(source), table, file: literal(file) };
}

function valueParts(
  names: readonly string[],
  fields: Readonly<Record<string, CsvValue | undefined>>,
  { columns }: MappedTable,
): Record<string, string> {
  return Object.fromEntries(names.map((name) => [name, valueSql(fields[name], columns)]));
}
