import { cdmTables } from "../../schemas/cdm.ts";
import { identifier } from "../warehouse/sql-text.ts";

/**
 * A query for the ids of all concepts that the CDM, its mapping and the lists of the vocabulary itself refer to, several times
 * and with NULLs.
 */
export function conceptsInUse(): string {
  const inTables = cdmTables.flatMap(({ table, group, columns }) => {
    const source = group === "cdm" ? `cdm.${identifier(table)}` : `vocabulary.${identifier(table)}`;
    const listed = group === "cdm" || lists.has(table);
    const concepts = columns.filter(({ references }) => listed && references === "concept");
    return concepts.map(({ name }) => `select distinct ${identifier(name)} as concept_id from ${source}`);
  });
  return [
    ...inTables,
    "select unnest([source_concept_id, concept_id, value_concept_id]) from mapping.code_mapping",
    "select concept_id from mapping.concept_map",
  ].join("\nunion all\n");
}

/** The tables of the vocabulary that are kept whole. */
const lists = new Set(["vocabulary", "domain", "concept_class", "relationship"]);
