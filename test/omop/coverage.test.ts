import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { projectFile } from "../support/sources.ts";
import { caseFiles } from "./golden.ts";

// Golden cases hold every row of the tables of docs/mapping.md: each of its elements is in a record of a case whose rows have one
// of its columns, and each of its columns is filled in a case.

interface MappingRow {
  readonly section: string;
  readonly fhir: string;
  readonly omop: string;
}

/** The resource types of sections that are not named after them. */
const typesOfSections: Readonly<Record<string, readonly string[]>> = {
  Medication: ["MedicationRequest", "MedicationDispense", "MedicationAdministration", "MedicationStatement"],
  Practitioner: ["Practitioner", "PractitionerRole"],
  "Device and DeviceUseStatement": ["Device", "DeviceUseStatement", "DeviceUsage"],
  "Facts that belong together": ["Observation", "DiagnosticReport", "Procedure"],
};

const rows = mappingRows(readFileSync(projectFile("docs/mapping.md"), "utf8"));

const cases = caseFiles.flatMap(({ given = [], cases }) =>
  cases.map(({ fhir, rows }) => ({
    records: JSON.stringify([...given, ...fhir]),
    /** The tables, and the columns that are not NULL. */
    filled: Object.entries(rows).flatMap(([table, tableRows]) => [
      table,
      ...tableRows.flatMap((row) => Object.keys(row).filter((column) => row[column] !== null)),
    ]),
  })),
);

/** The rows of the tables that lead from FHIR to OMOP. */
function mappingRows(documentation: string): MappingRow[] {
  const found: MappingRow[] = [];
  let section = "";
  let mapping = false;
  for (const line of documentation.split("\n")) {
    section = /^## (.+)$/.exec(line)?.[1] ?? section;
    const [, fhir, omop] = line.startsWith("|") ? line.split("|").map((cell) => cell.trim()) : [];
    if (fhir === undefined || omop === undefined) mapping = false;
    else if (fhir === "FHIR") mapping = /^(OMOP|relationship_concept_id)/.test(omop);
    else if (mapping && !/^-+$/.test(fhir)) found.push({ section, fhir, omop });
  }
  return found;
}

/** Paths of elements, and codes: `onset[x]`, `dosage.dose`, `ombCategory`. */
const elementsOf = ({ fhir }: MappingRow) => [...fhir.matchAll(/`([a-zA-Z.][^` ]*)`/g)].map(([, element]) => element!);

/** Names of columns and tables, or parts of them: `person_id`, `_source_value`, `route_*`. */
const columnsOf = ({ omop }: MappingRow) =>
  [...omop.matchAll(/[a-z*]*_[a-z_0-9*]*/g)].map(([name]) => {
    const pattern = name.replaceAll("*", ".*");
    return new RegExp(`${name.startsWith("_") ? "" : "^"}${pattern}${name.endsWith("_") ? "" : "$"}`);
  });

const has = (records: string, element: string) =>
  element
    .split(".")
    .filter((part) => part !== "")
    .every((part) => records.includes(/\[x\]|…/.test(part) ? `"${part.replace(/\[x\]|…/, "")}` : `"${part}"`));

describe("the tables of docs/mapping.md", () => {
  test("are found", () => {
    expect(rows.length).toBeGreaterThan(150);
  });

  test.each(rows)("$section: $fhir", (row) => {
    const types = typesOfSections[row.section] ?? row.section.split(" and ");
    const golden = cases.filter(({ records }) => types.some((type) => records.includes(`"resourceType":"${type}"`)));
    const columns = columnsOf(row);
    const fills = (column: RegExp) => golden.filter(({ filled }) => filled.some((name) => column.test(name)));
    const filling = columns.length === 0 ? golden : columns.flatMap(fills);
    expect(
      elementsOf(row).filter((element) => !filling.some(({ records }) => has(records, element))),
      "elements that no golden case has",
    ).toEqual([]);
    expect(
      columns.filter((column) => fills(column).length === 0),
      "columns that no golden case fills",
    ).toEqual([]);
  });
});

describe("schemas/concept-map.csv", () => {
  const lines = readFileSync(projectFile("schemas/concept-map.csv"), "utf8").trim().split("\n");
  const keys = [...new Set(lines.slice(1).map((line) => line.split(",")[0]!))];
  /** What follows from several elements, and what only CSV has, is in cases and tests of its own. */
  const kinds =
    /^(gender|race|ethnicity|encounter class|admit source|discharge disposition|condition status|comparator|boolean|place of service|country):/;

  test.each(keys.filter((key) => kinds.test(key) && !/:(multiple|EMER and IMP|primary|secondary)$/.test(key)))(
    "%s",
    (key) => {
      const value = key.slice(key.indexOf(":") + 1);
      const written = key.startsWith("boolean:") ? `:${value}` : `"${value}"`;
      expect(cases.some(({ records }) => records.includes(written))).toBe(true);
    },
  );
});
