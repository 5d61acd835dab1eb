import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type FhirToOmopAnswer, fhirToOmopSchema } from "../../schemas/fhir-to-omop.ts";
import { type FhirToOmop, openFhirToOmop } from "../../src/omop/fhir-to-omop/fhir-to-omop.ts";
import { condition, patient, type Resource, weight } from "../ingest/intake.ts";
import { type Folder, openFolder } from "../support/folder.ts";
import { writeVocabulary } from "../support/vocabulary-rows.ts";

const snomed = "http://snomed.info/sct";
const rxnorm = "http://www.nlm.nih.gov/research/umls/rxnorm";
const excerpt = fileURLToPath(new URL("vocabulary", import.meta.url));

const bundle = (...resources: readonly Resource[]) => ({
  resourceType: "Bundle",
  type: "collection",
  entry: resources.map((resource) => ({ resource })),
});

const coded = (id: string, ...coding: readonly object[]): Resource => condition(id, { code: { coding } });

const metformin = {
  resourceType: "MedicationRequest",
  id: "m",
  status: "active",
  subject: { reference: "Patient/p" },
  medicationReference: { reference: "#drug" },
  authoredOn: "2024-01-16",
  contained: [
    {
      resourceType: "Medication",
      id: "drug",
      code: { coding: [{ system: rxnorm, code: "314076", display: "lisinopril 10 MG Oral Tablet" }] },
    },
  ],
};

describe("fhirToOmop", () => {
  let folder: Folder;
  let mapper: FhirToOmop;
  beforeAll(async () => {
    folder = await openFolder();
    const own = await writeVocabulary(join(folder.path, "own"), {
      concept: [
        {
          concept_id: 2000000001,
          concept_name: "both at once",
          domain_id: "Condition",
          vocabulary_id: "SNOMED",
          concept_code: "900000001",
        },
      ],
      concept_relationship: [
        { concept_id_1: 2000000001, concept_id_2: 201826, relationship_id: "Maps to" },
        { concept_id_1: 2000000001, concept_id_2: 320128, relationship_id: "Maps to" },
      ],
    });
    mapper = await openFhirToOmop({ vocabulary: [excerpt, ...own] });
  }, 60_000);
  afterAll(async () => {
    await mapper.close();
    await folder[Symbol.asyncDispose]();
  });

  /** The answer, which has the shape of the contract. */
  const map = async (resources: unknown): Promise<FhirToOmopAnswer> =>
    fhirToOmopSchema.parse(await mapper.map(resources));

  test("gives rows by table, how each code was resolved, the release and a summary", async () => {
    const answer = await map(
      bundle(
        patient("p", { birthDate: "1985-07-22" }),
        coded("c", { system: snomed, code: "44054006", display: "Type 2 diabetes mellitus" }),
        metformin,
      ),
    );

    const [person] = answer.tables.person!;
    const [diabetes] = answer.tables.condition_occurrence!;
    const [drug] = answer.tables.drug_exposure!;
    expect(answer).toEqual({
      success: true,
      message: "FHIR resources mapped to OMOP CDM v5.4",
      tables: {
        person: [
          {
            person_id: person!.person_id,
            gender_concept_id: 0,
            year_of_birth: 1985,
            month_of_birth: 7,
            day_of_birth: 22,
            birth_datetime: "1985-07-22",
            race_concept_id: 0,
            ethnicity_concept_id: 0,
            person_source_value: "p",
            gender_source_value: "female",
          },
        ],
        observation_period: [
          {
            observation_period_id: expect.any(Number),
            person_id: person!.person_id,
            observation_period_start_date: "2019-05-01",
            observation_period_end_date: "2024-01-16",
            period_type_concept_id: 32817,
          },
        ],
        condition_occurrence: [
          {
            condition_occurrence_id: diabetes!.condition_occurrence_id,
            person_id: person!.person_id,
            condition_concept_id: 201826,
            condition_start_date: "2019-05-01",
            condition_start_datetime: "2019-05-01",
            condition_type_concept_id: 32817,
            condition_source_value: `${snomed}#44054006`,
            condition_source_concept_id: 201826,
          },
        ],
        drug_exposure: [
          {
            drug_exposure_id: drug!.drug_exposure_id,
            person_id: person!.person_id,
            drug_concept_id: 19080128,
            drug_exposure_start_date: "2024-01-16",
            drug_exposure_start_datetime: "2024-01-16",
            drug_exposure_end_date: "2024-02-14",
            drug_type_concept_id: 32817,
            drug_source_value: `${rxnorm}#314076`,
            drug_source_concept_id: 19080128,
          },
        ],
      },
      mappings: [
        {
          resource_type: "Condition",
          resource_id: "c",
          omop_table: "condition_occurrence",
          omop_id: diabetes!.condition_occurrence_id,
          source_system: snomed,
          source_code: "44054006",
          source_name: "Type 2 diabetes mellitus",
          target_vocabulary: "SNOMED",
          target_code: "44054006",
          target_name: "Type 2 diabetes mellitus",
          mapping_status: "ALREADY_STANDARD",
        },
        {
          resource_type: "MedicationRequest",
          resource_id: "m",
          omop_table: "drug_exposure",
          omop_id: drug!.drug_exposure_id,
          source_system: rxnorm,
          source_code: "314076",
          source_name: "lisinopril 10 MG Oral Tablet",
          target_vocabulary: "RXNORM",
          target_code: "314076",
          target_name: "lisinopril 10 MG Oral Tablet",
          mapping_status: "ALREADY_STANDARD",
        },
      ],
      dropped: [],
      vocab_version: expect.stringMatching(/^v5/),
      summary: { codes_already_standard: 2, codes_normalized: 0, codes_unmapped: 0, off_vocab_rate: 0 },
    });
  });

  test("MAPPED: another code than the standard one", async () => {
    const { mappings, summary } = await map(bundle(patient("p"), coded("c", { system: snomed, code: "15777000" })));
    expect(mappings).toMatchObject([{ source_code: "15777000", target_code: "9414007", mapping_status: "MAPPED" }]);
    expect(summary).toMatchObject({ codes_normalized: 1, off_vocab_rate: 1 });
  });

  test("UNMAPPED: no standard concept, and no target; the row has concept 0, and no release is named", async () => {
    const answer = await map(bundle(patient("p"), coded("c", { system: "http://hospital.example", code: "X1" })));
    expect(answer.mappings).toEqual([
      {
        resource_type: "Condition",
        resource_id: "c",
        omop_table: "condition_occurrence",
        omop_id: answer.tables.condition_occurrence![0]!.condition_occurrence_id,
        source_system: "http://hospital.example",
        source_code: "X1",
        mapping_status: "UNMAPPED",
      },
    ]);
    expect(answer.tables.condition_occurrence).toMatchObject([{ condition_concept_id: 0 }]);
    expect(answer.summary).toMatchObject({ codes_unmapped: 1 });
    expect(answer).not.toHaveProperty("vocab_version");
  });

  test("UNCHECKED: words that are the name of a concept suggest it, and the row keeps concept 0", async () => {
    const { tables, mappings, summary } = await map(
      bundle(patient("p"), condition("c", { code: { text: "myocardial infarction" } })),
    );
    expect(mappings).toEqual([
      expect.objectContaining({
        source_name: "myocardial infarction",
        target_vocabulary: "SNOMED",
        target_code: "22298006",
        target_name: "Myocardial infarction",
        mapping_status: "UNCHECKED",
        note: expect.stringContaining("until somebody confirms it"),
      }),
    ]);
    expect(mappings[0]).not.toHaveProperty("source_code");
    expect(tables.condition_occurrence).toMatchObject([
      { condition_concept_id: 0, condition_source_value: "myocardial infarction" },
    ]);
    expect(summary).toMatchObject({ codes_normalized: 1, codes_unmapped: 0 });
  });

  test.each([
    ["words that are no name", "a strange cough"],
    ["the name of a concept of another table", "lisinopril 10 MG Oral Tablet"],
  ])("%s suggest nothing", async (_, text) => {
    const { mappings } = await map(bundle(patient("p"), condition("c", { code: { text } })));
    expect(mappings).toMatchObject([{ source_name: text, mapping_status: "UNMAPPED" }]);
  });

  test("each coding of a record has an entry, all with the row of the record, which counts once", async () => {
    const { tables, mappings, summary } = await map(
      bundle(
        patient("p"),
        coded("c", { system: "http://hospital.example", code: "X1" }, { system: snomed, code: "44054006" }),
      ),
    );
    const id = tables.condition_occurrence![0]!.condition_occurrence_id;
    expect(mappings).toMatchObject([
      { source_code: "X1", omop_id: id, mapping_status: "UNMAPPED" },
      { source_code: "44054006", omop_id: id, mapping_status: "ALREADY_STANDARD" },
    ]);
    expect(summary).toMatchObject({ codes_already_standard: 1, codes_unmapped: 0 });
  });

  test("a code of two concepts makes two rows, and has an entry for each", async () => {
    const { tables, mappings, summary } = await map(
      bundle(patient("p"), coded("c", { system: snomed, code: "900000001" })),
    );
    const rows = tables.condition_occurrence!;
    expect(rows.map(({ condition_concept_id }) => condition_concept_id)).toEqual([201826, 320128]);
    expect(mappings).toMatchObject([
      { omop_id: rows[0]!.condition_occurrence_id, target_code: "44054006", mapping_status: "MAPPED" },
      { omop_id: rows[1]!.condition_occurrence_id, target_code: "59621000", mapping_status: "MAPPED" },
    ]);
    expect(summary).toMatchObject({ codes_normalized: 1 });
  });

  test("a measurement has an operator, and 0 for the concepts of its value and unit", async () => {
    const { tables } = await map(
      bundle(patient("p"), weight("exact"), weight("less", { valueQuantity: undefined, valueString: "<2" })),
    );
    expect(tables.measurement).toMatchObject([
      {
        value_as_number: 70,
        operator_concept_id: 0,
        unit_concept_id: 0,
        value_as_concept_id: 0,
        unit_source_value: "kg",
      },
      { value_as_number: 2, operator_concept_id: 4171756, unit_concept_id: 0, value_source_value: "<2" },
    ]);
  });

  test("rows stay in the table of their resource", async () => {
    const { tables } = await map(
      bundle(patient("p"), coded("job", { system: snomed, code: "160903007" }), {
        resourceType: "AllergyIntolerance",
        id: "a",
        patient: { reference: "Patient/p" },
        code: { coding: [{ system: rxnorm, code: "7980" }] },
        recordedDate: "2019-05-01",
      }),
    );
    expect(tables.condition_occurrence).toMatchObject([{ condition_concept_id: 4053118 }]);
    expect(tables.observation).toMatchObject([{ observation_concept_id: 1728416, value_as_concept_id: 0 }]);
    expect(tables).not.toHaveProperty("drug_exposure");
  });

  test("records without person or code are dropped with their reason; types that are not mapped are ignored", async () => {
    const { dropped, tables } = await map(
      bundle(
        patient("p"),
        condition("stranger", { subject: { reference: "Patient/nobody" } }),
        condition("silent", { code: undefined }),
        { ...metformin, id: "nothing", medicationReference: { reference: "#missing" } },
        { resourceType: "Practitioner", id: "doctor" },
        {
          resourceType: "DiagnosticReport",
          id: "report",
          status: "final",
          subject: { reference: "Patient/p" },
          conclusion: "well",
        },
      ),
    );
    expect(dropped).toEqual([
      { resource_type: "Condition", resource_id: "stranger", reason: "NO_PERSON" },
      { resource_type: "Condition", resource_id: "silent", reason: "EMPTY_CODE" },
      { resource_type: "MedicationRequest", resource_id: "nothing", reason: "EMPTY_CODE" },
    ]);
    expect(Object.keys(tables)).toEqual(["person"]);
  });

  test("a component that left no row is dropped by its number", async () => {
    const { dropped } = await map(bundle(patient("p"), weight("w", { component: [{ code: {}, valueInteger: 1 }] })));
    expect(dropped).toEqual([{ resource_type: "Observation", resource_id: "w", reason: "EMPTY_CODE (component 1)" }]);
  });

  test("what the contract has no place for is said in the message", async () => {
    const { message } = await map({
      resourceType: "Bundle",
      entry: [{ resource: patient("p") }, { resource: patient("p", { gender: "male" }) }, { resource: { id: "x" } }],
    });
    expect(message).toMatch(/; 1 entries hold no FHIR resource; 1 older versions of resources were left out$/);
  });

  test("references by urn:uuid meet within a Bundle", async () => {
    const { tables, dropped } = await map({
      resourceType: "Bundle",
      entry: [
        { fullUrl: "urn:uuid:0c3151bd-1cbf-4d64-b04d-cd9187a4c6e0", resource: patient("p") },
        { resource: condition("c", { subject: { reference: "urn:uuid:0c3151bd-1cbf-4d64-b04d-cd9187a4c6e0" } }) },
      ],
    });
    expect(dropped).toEqual([]);
    expect(tables.condition_occurrence).toMatchObject([{ person_id: tables.person![0]!.person_id }]);
  });

  test.each([
    ["nothing", undefined],
    ["a word", "Patient"],
    ["a list", [patient("p")]],
    ["no resource", { name: "p" }],
    ["an empty Bundle", { resourceType: "Bundle" }],
  ])("%s is no FHIR, and the answer says so", async (_, input) => {
    expect(await map(input)).toMatchObject({
      success: false,
      message: expect.stringContaining("no FHIR resource"),
      tables: {},
    });
  });

  test("without a Patient there is no row", async () => {
    expect(await map(condition("c"))).toMatchObject({ success: false, message: expect.stringContaining("no Patient") });
  });

  test("nothing is kept of a call, nor mixed with one at the same time", async () => {
    const [first, second] = await Promise.all([
      map(bundle(patient("p"), condition("c"))),
      map(bundle(patient("q", { birthDate: "1960-01-01" }))),
    ]);
    expect(first.tables.person).toMatchObject([{ person_source_value: "p" }]);
    expect(second.tables).toEqual({
      person: [expect.objectContaining({ person_source_value: "q", year_of_birth: 1960 })],
    });
  });
});
