import { literalList, sqlText } from "../../warehouse/sql-text.ts";
import type { Warehouse } from "../../warehouse/warehouse.ts";
import type { MapToOmopOptions } from "../mapping-options.ts";

/**
 * What a user may want to do something about after a mapping: one sentence an encounter class of the user's own that leads to no
 * visit, one for all classes that are not known, one a code system that has no vocabulary, and one for rules of
 * SOURCE_TO_CONCEPT_MAP whose target is no concept to map to.
 */
export async function conceptWarnings(
  warehouse: Pick<Warehouse, "row" | "rows">,
  { encounterClasses = {} }: MapToOmopOptions,
): Promise<string[]> {
  const systems = await warehouse.rows<{ system: string; vocabulary: string | null; codes: number; records: number }>(
    sqlText(import.meta.url, "concept-warnings.sql"),
  );
  const rules = (await warehouse.row<{ codes: number; target: number }>(
    "select count(*) as codes, min(target_concept_id) as target from rule_of_code where concept_id is null",
  ))!;
  const ownKeys = new Map(Object.keys(encounterClasses).map((name) => [`encounter class:${name}`, name]));
  const classes = await warehouse.rows<{ key: string }>(
    `select key from mapping.concept_map
     where list_contains(${literalList([...ownKeys.keys()])}::varchar[], key)
       and (not in_vocabulary or concept_id = 0 or domain_id <> 'Visit')
     order by key`,
  );
  const unknown = (await warehouse.row<{ visits: number; names: string | null }>(
    `select coalesce(sum(rows), 0)::bigint as visits, string_agg(code, ', ' order by rows desc, code) as names
     from mapping.unmapped where role = 'encounter class'`,
  ))!;
  return [
    ...(unknown.names === null
      ? []
      : [
          `Not known are the encounter classes ${unknown.names}: their visits (${unknown.visits}) have no concept. Say with encounterClasses (--overrides) which visits they are.`,
        ]),
    ...classes.map(({ key }) => {
      const name = ownKeys.get(key)!;
      return `encounterClasses: ${encounterClasses[name]}, for ${name}, is no standard concept of a visit.`;
    }),
    ...systems.map(({ system, vocabulary, codes, records }) => {
      const affected = `${codes} codes of ${system} have no concept (${records} rows)`;
      return vocabulary === null
        ? `${affected}: it is no known code system. Say with codeSystems (--overrides) which vocabulary it is, or map its codes in SOURCE_TO_CONCEPT_MAP.csv.`
        : `${affected}: the vocabulary ${vocabulary} is not among the loaded ones.`;
    }),
    ...(rules.codes > 0
      ? [
          `${rules.codes} rules of SOURCE_TO_CONCEPT_MAP do not count: their targets (such as ${rules.target}) are no valid standard concepts.`,
        ]
      : []),
  ];
}
