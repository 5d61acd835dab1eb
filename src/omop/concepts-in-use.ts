import { cdmTables } from "../../schemas/cdm.ts";
import { filledCdmTables } from "../warehouse/cdm-tables.ts";
import { identifier, sqlText } from "../warehouse/sql-text.ts";
import type { Warehouse } from "../warehouse/warehouse.ts";

/** Makes the rows of the vocabulary that the data uses the vocabulary of the warehouse. */
export async function keepVocabularyInUse(warehouse: Warehouse): Promise<void> {
  const concepts = conceptsInUse(await filledCdmTables(warehouse));
  await warehouse.run(sqlText(import.meta.url, "vocabulary-in-use.sql", { concepts }));
}

/**
 * A query for the ids of all concepts that the CDM, its mapping and the lists of the vocabulary itself refer to, several times
 * and with NULLs.
 */
function conceptsInUse(filled: ReadonlySet<string>): string {
  const inTables = cdmTables.flatMap(({ table, group, columns }) => {
    const source = group === "cdm" ? `cdm.${identifier(table)}` : `vocabulary.${identifier(table)}`;
    const listed = group === "cdm" ? filled.has(table) : lists.has(table);
    const concepts = columns.filter(({ references }) => listed && references === "concept");
    return concepts.map(({ name }) => `select ${identifier(name)} as concept_id from ${source}`);
  });
  return [
    ...inTables,
    "select unnest([source_concept_id, concept_id, value_concept_id]) from mapping.code_mapping",
    "select concept_id from mapping.concept_map",
  ].join("\nunion all\n");
}

/** The tables of the vocabulary that are kept whole. */
const lists = new Set(["vocabulary", "domain", "concept_class", "relationship"]);
