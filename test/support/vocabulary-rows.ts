import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { cdmTables } from "../../schemas/cdm.ts";

/** Rows of vocabulary tables, by table. */
export type VocabularyRows = Readonly<Record<string, readonly object[]>>;

/** Writes a folder as Athena would, and gives what to open a warehouse with: the folder, or nothing when there are no rows. */
export async function writeVocabulary(folder: string, tables: VocabularyRows): Promise<string[]> {
  for (const [table, rows] of Object.entries(tables)) {
    const columns = cdmTables.find((definition) => definition.table === table)!.columns.map(({ name }) => name);
    const lines = rows.map((row) => columns.map((column) => ({ ...usual, ...row })[column] ?? "").join("\t"));
    await mkdir(folder, { recursive: true });
    await writeFile(join(folder, `${table.toUpperCase()}.csv`), `${[columns.join("\t"), ...lines].join("\n")}\n`);
  }
  return Object.keys(tables).length > 0 ? [folder] : [];
}

/** What Athena gives with every concept and relationship, and seldom matters. */
const usual: Readonly<Record<string, string>> = {
  concept_class_id: "Undefined",
  valid_start_date: "19700101",
  valid_end_date: "20991231",
};
