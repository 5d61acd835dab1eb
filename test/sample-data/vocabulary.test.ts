import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { beforeAll, describe, expect, test } from "vitest";
import { systemAddresses } from "../../sample-data/generator/codes.ts";
import { resourcesOf } from "../../sample-data/generator/fhir-resources.ts";
import { createLife } from "../../sample-data/generator/patient.ts";
import { codingsIn, filesIn, type Json, vocabularyOf } from "./read-sample.ts";

const folder = fileURLToPath(new URL("../../sample-data/vocabulary", import.meta.url));
let concepts: Map<string, Json>;
let mapsTo: [string, string][];

beforeAll(async () => {
  concepts = new Map((await vocabularyOf(folder, "CONCEPT")).map((concept) => [concept.concept_id!, concept]));
  mapsTo = (await vocabularyOf(folder, "CONCEPT_RELATIONSHIP"))
    .filter((row) => row.relationship_id === "Maps to")
    .map((row) => [row.concept_id_1!, row.concept_id_2!]);
});

/** The standard concepts that a code of a vocabulary maps to; undefined for a code that is not in the excerpt. */
function targetsOf(vocabulary: string, code: string): string[] | undefined {
  const found = [...concepts.values()].find((row) => row.vocabulary_id === vocabulary && row.concept_code === code);
  return found && mapsTo.filter(([from]) => from === found.concept_id).map(([, to]) => to);
}

/** What the sample data says in codes that the excerpt does not map, on purpose. */
const unmapped = {
  absent: ["Local FALL-2", "Local GRIP-R", "SNOMED 8517006", "SNOMED 266919005"],
  withoutMap: ["ICD10CM K92.2", "NDC 00025152531", "NDC 00781178901"],
};
/** UCUM units that OMOP spells otherwise; null where it has none. */
const unitSpellings: Record<string, string | null> = {
  "U/L": "[U]/L",
  "{score}": "[score]",
  "m[IU]/L": "10*-3.[iU]/L",
  "mL/min/{1.73_m2}": "mL/min/(173.10*-2.m2)",
  "{INR}": null,
};

describe("the vocabulary excerpt", () => {
  const events = Array.from({ length: 1500 }, (_, index) => resourcesOf(createLife(3, index + 1), () => "")).flat();

  test("maps every code of the generated events but those left out on purpose", () => {
    const vocabularies = new Map(Object.entries(systemAddresses).map(([name, address]) => [address, name]));
    const met = new Set<string>();
    for (const event of events as Json[]) {
      const coded = [event.code, event.type, event.vaccineCode, event.medicationCodeableConcept, event.component];
      for (const { system, code } of [...coded, event.valueCodeableConcept, event.reasonCode].flatMap(codingsIn)) {
        met.add(`${vocabularies.get(system)} ${code}`);
      }
    }
    const withTargets = [...met].map((key) => ({ key, targets: targetsOf(...(key.split(" ") as [string, string])) }));
    // Some visits add an ICD-10-CM code beside the SNOMED code that maps; the excerpt has one of them.
    const notBeside = withTargets.filter(({ key }) => !key.startsWith("ICD10CM") || key === "ICD10CM K92.2");
    expect(met.size).toBeGreaterThan(150);
    expect(
      notBeside
        .filter(({ targets }) => targets === undefined)
        .map(({ key }) => key)
        .sort(),
    ).toEqual(unmapped.absent.sort());
    expect(
      notBeside
        .filter(({ targets }) => targets?.length === 0)
        .map(({ key }) => key)
        .sort(),
    ).toEqual(unmapped.withoutMap.sort());
    expect(withTargets.find(({ key }) => key === "ICD10 V74.2")?.targets).toHaveLength(2);
  });

  test("has every unit of the generated events in OMOP's spelling", () => {
    const units = new Set<string>();
    const collect = (value: Json): void => {
      if (typeof value !== "object" || value === null) return;
      if (value.system === "http://unitsofmeasure.org") units.add(value.code);
      Object.values(value).forEach(collect);
    };
    events.forEach(collect);
    expect(units.size).toBeGreaterThan(15);
    for (const unit of units) {
      const spelling = unit in unitSpellings ? unitSpellings[unit] : unit;
      if (spelling) expect(targetsOf("UCUM", spelling), unit).toHaveLength(1);
      else expect(targetsOf("UCUM", unit), unit).toBeUndefined();
    }
  });

  test("names codes as the generator does", () => {
    const names = new Map(
      [...concepts.values()].map((row) => [`${row.vocabulary_id} ${row.concept_code}`, row.concept_name]),
    );
    const vocabularies = new Map(Object.entries(systemAddresses).map(([name, address]) => [address, name]));
    for (const { system, code, display } of (events as Json[]).flatMap((event) => codingsIn(event)) as Json[]) {
      const name = names.get(`${vocabularies.get(system)} ${code}`);
      if (name !== undefined && display !== undefined) expect(display).toBe(name);
    }
  });

  test("maps only to standard, valid concepts that are in it", () => {
    for (const [from, to] of mapsTo) {
      expect(concepts.has(from), from).toBe(true);
      expect(concepts.get(to), to).toMatchObject({ standard_concept: "S", invalid_reason: "" });
    }
  });

  test("has a row for every vocabulary, domain, class and relationship it uses", async () => {
    const ids = async (file: string, column: string) =>
      new Set((await vocabularyOf(folder, file)).map((row) => row[column]!));
    const [vocabularies, domains, classes, kinds] = await Promise.all([
      ids("VOCABULARY", "vocabulary_id"),
      ids("DOMAIN", "domain_id"),
      ids("CONCEPT_CLASS", "concept_class_id"),
      ids("RELATIONSHIP", "relationship_id"),
    ]);
    for (const concept of concepts.values()) {
      expect(vocabularies).toContain(concept.vocabulary_id);
      expect(domains).toContain(concept.domain_id);
      expect(classes).toContain(concept.concept_class_id);
    }
    for (const row of await vocabularyOf(folder, "CONCEPT_RELATIONSHIP")) expect(kinds).toContain(row.relationship_id);
    for (const row of await vocabularyOf(folder, "CONCEPT_ANCESTOR")) {
      expect(concepts.has(row.ancestor_concept_id!) && concepts.has(row.descendant_concept_id!)).toBe(true);
    }
  });

  test("says its release, has no CPT code and is in the Athena layout", async () => {
    const none = (await vocabularyOf(folder, "VOCABULARY")).find((row) => row.vocabulary_id === "None");
    expect(none?.vocabulary_version).toMatch(/^v5\.0 /);
    expect([...concepts.values()].filter((row) => row.vocabulary_id === "CPT4")).toEqual([]);
    for (const { valid_start_date: from, valid_end_date: until } of concepts.values()) {
      expect(`${from} ${until}`).toMatch(/^\d{8} \d{8}$/);
    }
    const kept = (await filesIn(folder)).filter((name) => !/^omopipe-.*\.duckdb$/.test(name));
    expect(kept, "beside the database that it was loaded into").toEqual([
      "CONCEPT.csv",
      "CONCEPT_ANCESTOR.csv",
      "CONCEPT_CLASS.csv",
      "CONCEPT_RELATIONSHIP.csv",
      "CONCEPT_SYNONYM.csv",
      "DOMAIN.csv",
      "DRUG_STRENGTH.csv",
      "RELATIONSHIP.csv",
      "VOCABULARY.csv",
    ]);
    expect(await readFile(join(folder, "CONCEPT.csv"), "utf8")).not.toMatch(/\r|"/);
  });

  test.each([
    ["type concepts", [32817, 32827, 32838, 32818, 32840, 32856, 32865, 32880, 32882], "Type Concept"],
    ["genders", [8507, 8532], "Gender"],
    ["races", [8527, 8516, 8515, 8657, 8557, 1546847], "Race"],
    ["ethnicities", [38003563, 38003564], "Ethnicity"],
    ["visits", [9201, 9202, 9203, 262, 581476, 581477, 581478, 42898160, 8782, 8863, 8546, 722455, 5083], "Visit"],
    ["condition statuses", [32890, 32893, 32896, 32899, 32902, 32906, 32908], "Condition Status"],
    ["operators", [4171756, 4171754, 4171755, 4172704], "Meas Value Operator"],
    ["values", [4188539, 4188540, 9191, 9189, 9190, 4328749, 4267416, 4069590], "Meas Value"],
    ["routes", [4132161, 4302612, 4171047, 4142048], "Route"],
    ["the version of the data model", [756265], "Metadata"],
  ])("has the constants that a mapping writes: %s", (_name, ids, domain) => {
    for (const id of ids) {
      expect(concepts.get(String(id)), String(id)).toMatchObject({ domain_id: domain, standard_concept: "S" });
    }
    expect(concepts.get("0")).toMatchObject({ concept_name: "No matching concept" });
  });
});
