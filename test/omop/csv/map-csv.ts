import { fileURLToPath } from "node:url";
import type { CsvMappingInput } from "../../../schemas/csv-mapping.ts";
import type { RunReport } from "../../../schemas/report.ts";
import { csvFiles } from "../../../src/ingest/csv-files.ts";
import { mapToOmop } from "../../../src/omop/map-to-omop.ts";
import { pipeline } from "../../../src/pipeline/pipeline.ts";
import { createRunReport } from "../../../src/quality/run-report.ts";
import type { Row } from "../../../src/warehouse/values.ts";
import { expectFullAccount, type Intake, openIntake } from "../../ingest/intake.ts";

const vocabulary = fileURLToPath(new URL("../../../sample-data/vocabulary", import.meta.url));

/** Files that were mapped, and what became of them. */
export interface MappedCsv extends AsyncDisposable {
  readonly intake: Intake;
  readonly report: RunReport;
  rows(sql: string): Promise<Row[]>;
}

/** Writes files, maps them, and checks that the report accounts for each of their rows. */
export async function mapCsv(
  contents: Readonly<Record<string, string | Buffer>>,
  files: CsvMappingInput["files"],
  more: Partial<CsvMappingInput> = {},
): Promise<MappedCsv> {
  const intake = await openIntake(vocabulary);
  for (const [name, content] of Object.entries(contents)) await intake.write(name, content);
  const mapping = { name: "test", files, ...more };
  const run = pipeline(csvFiles(intake.folder, { mapping }), mapToOmop()).run(intake.warehouse);
  const report = await createRunReport(intake.warehouse, await run);
  expectFullAccount(report);
  return {
    intake,
    report,
    rows: (sql) => intake.warehouse.rows(sql),
    [Symbol.asyncDispose]: () => intake[Symbol.asyncDispose](),
  };
}

/** A file of persons, and how it is mapped. */
export const people = { "people.csv": { person: { id: "id", birthDate: "born", gender: "sex" } } } as const;
export const twoPeople = { "people.csv": "id,born,sex\np1,1950-06-01,F\np2,1960,M\n" };
