// The vocabulary in Maps.

import { fileURLToPath } from "node:url";
import type { DuckDBConnection } from "@duckdb/node-api";

export interface Concept {
  readonly id: number;
  readonly domain: string;
  readonly standard: boolean;
}

type ConceptsOfConcept = ReadonlyMap<number, readonly number[]>;

export interface Vocabulary {
  /** By "vocabulary|code". */
  readonly byCode: ReadonlyMap<string, Concept>;
  readonly byId: ReadonlyMap<number, Concept>;
  readonly mapsTo: ConceptsOfConcept;
  readonly replacedBy: ConceptsOfConcept;
  readonly mapsToValue: ConceptsOfConcept;
  readonly ingredientsOf: ConceptsOfConcept;
  /** Concepts of what is no code of a vocabulary: genders, encounter classes, types of records. */
  readonly constants: ReadonlyMap<string, number>;
  readonly states: ReadonlyMap<string, string>;
  readonly version: string;
}

export async function readVocabulary(connection: DuckDBConnection, folder: string): Promise<Vocabulary> {
  const select = async (sql: string) => (await connection.runAndReadAll(sql)).getRows();
  const athena = (table: string) =>
    `read_csv('${folder}/${table}.csv', delim = '\t', quote = '', header = true, all_varchar = true)`;
  const list = (name: string) => {
    const path = fileURLToPath(new URL(`../../schemas/${name}`, import.meta.url));
    return `read_csv('${path}', header = true, all_varchar = true)`;
  };
  const related = async (relationship: string) =>
    grouped(
      await select(
        `select concept_id_1, concept_id_2 from ${athena("CONCEPT_RELATIONSHIP")}
         where relationship_id = '${relationship}' and invalid_reason is null`,
      ),
    );

  const byCode = new Map<string, Concept>();
  const byId = new Map<number, Concept>();
  const concepts = await select(
    `select concept_id, domain_id, coalesce(standard_concept = 'S', false) and invalid_reason is null,
       vocabulary_id || '|' || concept_code
     from ${athena("CONCEPT")}`,
  );
  for (const [id, domain, standard, code] of concepts) {
    const concept = { id: Number(id), domain: String(domain), standard: standard === true };
    byId.set(concept.id, concept);
    byCode.set(String(code), concept);
  }

  const ingredients = await select(
    `select descendant_concept_id, ancestor_concept_id
     from ${athena("CONCEPT_ANCESTOR")}
     join ${athena("CONCEPT")} on concept_id = ancestor_concept_id
     where concept_class_id = 'Ingredient' and standard_concept = 'S' and vocabulary_id like 'RxNorm%'
     union
     select concept_id, concept_id from ${athena("CONCEPT")}
     where concept_class_id = 'Ingredient' and standard_concept = 'S' and vocabulary_id like 'RxNorm%'`,
  );
  const constants = await select(
    `select key, concept_id from ${list("concept-map.csv")} order by preference::integer desc`,
  );
  const states = await select(`select lower(name), code from ${list("us-states.csv")}`);
  const version = await select(`select vocabulary_version from ${athena("VOCABULARY")} where vocabulary_id = 'None'`);
  return {
    byCode,
    byId,
    mapsTo: await related("Maps to"),
    replacedBy: await related("Concept replaced by"),
    mapsToValue: await related("Maps to value"),
    ingredientsOf: grouped(ingredients),
    constants: new Map(constants.map(([key, id]) => [String(key), Number(id)])),
    states: new Map(states.map(([name, code]) => [String(name), String(code)])),
    version: String(version[0]?.[0]),
  };
}

function grouped(pairs: readonly (readonly unknown[])[]): ConceptsOfConcept {
  const groups = new Map<number, number[]>();
  for (const [from, to] of pairs) {
    const group = groups.get(Number(from));
    if (group === undefined) groups.set(Number(from), [Number(to)]);
    else group.push(Number(to));
  }
  return groups;
}
