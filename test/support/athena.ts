import { gzipSync } from "node:zlib";
import type { Folder } from "./folder.ts";

/** A vocabulary table: its columns and its rows, as text. */
export type TableText = readonly [columns: string, ...rows: string[]];

/** The texts of a small Athena download: tab-separated, without quoting, columns and values split at "|" here. */
export const athena = {
  CONCEPT: [
    "concept_id|concept_name|domain_id|vocabulary_id|concept_class_id|standard_concept|concept_code|valid_start_date|valid_end_date|invalid_reason",
    "0|No matching concept|Metadata|None|Undefined||No matching concept|19700101|20991231|",
    "201826|Type 2 diabetes mellitus|Condition|SNOMED|Disorder|S|44054006|20020131|20991231|",
    '4000001|Catheter, 7.5" long|Device|SNOMED|Physical Object|S|1|20020131|20991231|',
    "9000001|NA|Observation|Other|Undefined||NA|2020-02-29|2099-12-31|D",
  ],
  CONCEPT_RELATIONSHIP: [
    "concept_id_1|concept_id_2|relationship_id|valid_start_date|valid_end_date|invalid_reason",
    "201826|201826|Maps to|20020131|20991231|",
  ],
  VOCABULARY: [
    "vocabulary_id|vocabulary_name|vocabulary_reference|vocabulary_version|vocabulary_concept_id",
    "None|OMOP Standardized Vocabularies|OMOP generated|v5.0 30-AUG-24|44819096",
    "SNOMED|SNOMED CT||2024-02-01|44819097",
  ],
  DRUG_STRENGTH: [
    "drug_concept_id|ingredient_concept_id|amount_value|amount_unit_concept_id|numerator_value|numerator_unit_concept_id|denominator_value|denominator_unit_concept_id|box_size|valid_start_date|valid_end_date|invalid_reason",
    "1|2|0.00012|8576||||||20020131|20991231|",
  ],
} satisfies Record<string, TableText>;

const text = (table: TableText): string => table.map((line) => `${line.replaceAll("|", "\t")}\n`).join("");

/** Writes tables into a folder as files of these names; those that end in `.gz` are packed. */
export async function writeAthena(folder: Folder, files: Readonly<Record<string, TableText>>): Promise<void> {
  for (const [name, table] of Object.entries(files)) {
    await folder.write(name, name.endsWith(".gz") ? gzipSync(text(table)) : text(table));
  }
}

/** The same columns and values in the opposite order. */
export const reversed = ([columns, ...rows]: TableText): TableText => {
  const turn = (line: string) => line.split("|").reverse().join("|");
  return [turn(columns), ...rows.map(turn)];
};

/** The table without one of its columns. */
export const without = (column: string, [columns, ...rows]: TableText): TableText => {
  const place = columns.split("|").indexOf(column);
  const cut = (line: string) =>
    line
      .split("|")
      .filter((_, i) => i !== place)
      .join("|");
  return [cut(columns), ...rows.map(cut)];
};
