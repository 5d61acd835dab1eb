import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { defineTables } from "../warehouse/define-tables.ts";
import { type JsonStructure, jsonStructure } from "../warehouse/json-structure.ts";
import { literal, sqlText } from "../warehouse/sql-text.ts";
import type { Warehouse } from "../warehouse/warehouse.ts";

/** A resource type that is kept, and how its JSON is read into its landing table. */
export interface LandingTable {
  /** FHIR's name: "MedicationRequest". */
  readonly resourceType: string;
  /** With its schema: "landing.medication_request". */
  readonly table: string;
  /** The members that are read, for `json_transform`. */
  readonly structure: JsonStructure;
  /** SQL for the id of the patient whose record a row is; undefined for types of no patient. */
  readonly patient: string | undefined;
  /** SQL for the reference that it is read from; of patients themselves their id. */
  readonly patientReference: string | undefined;
}

const definitions = new URL("../../schemas/landing/", import.meta.url);
const systemColumns = new Set(["landing_source", "landing_file"]);

/** The resource types that have a landing table: one file of `schemas/landing` each. */
export const landedTypes: readonly string[] = readdirSync(definitions)
  .filter((file) => file.endsWith(".sql") && file !== "types.sql")
  .map((file) => resourceTypeOf(file.replace(/\.sql$/, "")))
  .sort();

/** Read from DuckDB once: all warehouses have the same, when their tables are up to date. */
let tablesOfDefinitions: readonly LandingTable[] | undefined;

const opened = new WeakMap<Warehouse, readonly LandingTable[]>();

/** Makes the landing tables that do not exist yet, brings those of an earlier release up to date, and gives them all. */
export async function openLanding(warehouse: Warehouse): Promise<readonly LandingTable[]> {
  const tables = opened.get(warehouse) ?? (await createTables(warehouse));
  opened.set(warehouse, tables);
  return tables;
}

async function createTables(warehouse: Warehouse): Promise<readonly LandingTable[]> {
  const definition = (name: string) => readFileSync(new URL(`${name}.sql`, definitions), "utf8");
  const creates = [definition("types"), ...landedTypes.map((type) => definition(tableNameOf(type)))];
  const sql = [sqlText(import.meta.url, "ingest.sql"), ...creates].join("\n");
  const made = await warehouse.transaction(() => defineTables(warehouse, { part: "landing", sql, rows: "kept" }));
  // After a kill DuckDB replays its log, and that may fail at types which were made anew.
  if (made && warehouse.path !== ":memory:") await warehouse.run(`checkpoint ${warehouse.database}`);
  tablesOfDefinitions ??= await Promise.all(landedTypes.map((resourceType) => readDefinition(warehouse, resourceType)));
  return tablesOfDefinitions;
}

async function readDefinition(warehouse: Warehouse, resourceType: string): Promise<LandingTable> {
  const table = `landing.${tableNameOf(resourceType)}`;
  const columns = await warehouse.columns(table);
  const members = columns.filter(({ name }) => !systemColumns.has(name));
  const structure = Object.fromEntries(members.map(({ name, type }) => [name, jsonStructure(type)]));
  return { resourceType, table, structure, ...patientOf(resourceType, Object.keys(structure)) };
}

/** The members by which records name their patient. */
export const patientMembers: readonly string[] = ["subject", "patient", "beneficiary"];

function patientOf(resourceType: string, members: readonly string[]) {
  const own = patientMembers.filter((member) => members.includes(member));
  const patientReference =
    resourceType === "Patient" ? "id" : own.length > 0 ? `coalesce(${own.join(", ")}).reference` : undefined;
  return { patientReference, patient: patientReference && patientReferredTo(resourceType, patientReference) };
}

/** SQL for the id of the patient that records of a type name by a reference. */
export const patientReferredTo = (resourceType: string, reference: string): string =>
  resourceType === "Patient" ? reference : `landing.reference_to(${reference}, 'Patient')`;

/**
 * Differs when the landing tables do, or what is read into them, so that files which landed in others are known not to be whole in
 * these.
 */
export function layoutOf(tables: readonly LandingTable[], { patientsByIdentifier = false } = {}): string {
  const layout: unknown[] = tables.map(({ resourceType, structure }) => [resourceType, structure]);
  if (patientsByIdentifier) layout.push("patients by identifier");
  return createHash("sha256").update(JSON.stringify(layout)).digest("hex");
}

/** "MedicationRequest" → "medication_request". */
export function tableNameOf(resourceType: string): string {
  return resourceType.replace(/(?<=[a-z])[A-Z]/g, (capital) => `_${capital}`).toLowerCase();
}

function resourceTypeOf(tableName: string): string {
  return tableName.replace(/(^|_)([a-z])/g, (_, _separator, letter: string) => letter.toUpperCase());
}

/** The resource types that have landed: planning a query over the extracts of all others takes longer than small data does. */
export async function typesInUse(warehouse: Warehouse): Promise<ReadonlySet<string>> {
  const oneOfEach = landedTypes.map(
    (type) => `(select ${literal(type)} as type from landing.${tableNameOf(type)} limit 1)`,
  );
  const found = await warehouse.rows<{ type: string }>(oneOfEach.join(" union all "));
  return new Set(found.map(({ type }) => type));
}
