import { describe, expect, it } from "vitest";
import type { PatientHistory } from "../../schemas/phenom.ts";
import { patientHistories } from "../../src/features/patient-histories.ts";
import { fhirFiles } from "../../src/ingest/fhir-files.ts";
import { mapToOmop } from "../../src/omop/map-to-omop.ts";
import { pipeline } from "../../src/pipeline/pipeline.ts";
import { openWarehouse } from "../../src/warehouse/warehouse.ts";
import { openFolder } from "../support/folder.ts";
import { writeVocabulary } from "../support/vocabulary-rows.ts";

const concept = (concept_id: number, vocabulary_id: string, concept_code: string, more: object = {}) => ({
  concept_id,
  concept_name: concept_code,
  domain_id: vocabulary_id === "RxNorm" || vocabulary_id === "ATC" ? "Drug" : "Condition",
  vocabulary_id,
  concept_code,
  standard_concept: vocabulary_id === "SNOMED" || vocabulary_id === "RxNorm" ? "S" : "",
  ...more,
});
const atc = { concept_class_id: "ATC 5th", standard_concept: "C" };
const invalid = { invalid_reason: "D" };
/** Both directions, as Athena has them. */
const maps = (from: number, to: number, more: object = {}) => [
  { concept_id_1: from, concept_id_2: to, relationship_id: "Maps to", ...more },
  { concept_id_1: to, concept_id_2: from, relationship_id: "Mapped from", ...more },
];
const above = (ancestor_concept_id: number, descendant_concept_id: number) => ({
  ancestor_concept_id,
  descendant_concept_id,
  min_levels_of_separation: 1,
  max_levels_of_separation: 1,
});

const vocabulary = {
  concept: [
    concept(1, "SNOMED", "one"),
    concept(2, "SNOMED", "two"),
    concept(3, "SNOMED", "gone"),
    concept(11, "ICD10CM", "I10"),
    concept(12, "ICD10CM", "J45.0"),
    concept(13, "ICD10CM", "J45.9"),
    concept(14, "ICD10CM", "X00", invalid),
    concept(15, "ICD10CM", "X01"),
    concept(20, "RxNorm", "single"),
    concept(21, "RxNorm", "combined"),
    concept(30, "ATC", "C09AA02", atc),
    concept(31, "ATC", "C09BA02", atc),
    concept(32, "ATC", "C09", { concept_class_id: "ATC 2nd", standard_concept: "C" }),
  ],
  concept_relationship: [
    ...[1, 2, 3, 20, 21].flatMap((id) => maps(id, id)),
    ...maps(11, 1),
    ...maps(12, 2),
    ...maps(13, 2),
    ...maps(14, 3),
    ...maps(15, 3, invalid),
  ],
  concept_ancestor: [above(30, 20), above(32, 20), above(30, 21), above(31, 21)],
};

const snomed = "http://snomed.info/sct";
const rxnorm = "http://www.nlm.nih.gov/research/umls/rxnorm";

async function historyOf(preferred: "translated" | "as recorded"): Promise<PatientHistory> {
  await using folder = await openFolder();
  const records = [
    { resourceType: "Patient", id: "p", gender: "female", birthDate: "1950-06-01" },
    ...["one", "two", "gone"].map((code) => ({
      resourceType: "Condition",
      id: code,
      subject: { reference: "Patient/p" },
      code: { coding: [{ system: snomed, code }] },
      onsetDateTime: "2020-01-01",
    })),
    ...["single", "combined"].map((code) => ({
      resourceType: "MedicationRequest",
      id: code,
      status: "active",
      intent: "order",
      subject: { reference: "Patient/p" },
      medicationCodeableConcept: { coding: [{ system: rxnorm, code }] },
      authoredOn: "2020-01-01",
    })),
  ];
  await folder.write("in/a.ndjson", records.map((record) => JSON.stringify(record)).join("\n"));
  await using warehouse = await openWarehouse(":memory:", {
    vocabulary: await writeVocabulary(folder.file("vocabulary"), vocabulary),
  });
  const codeSystems = { diagnoses: ["ICD10", "SNOMED"], medications: ["ATC", "RXNORM"] };
  const options = { asOf: "2026-01-01", ...(preferred === "translated" && { codeSystems }) };
  await pipeline(fhirFiles(folder.file("in")), mapToOmop(), patientHistories(options)).run(warehouse);
  const row = await warehouse.row<{ history: string }>(
    "select history::varchar as history from features.patient_history",
  );
  return JSON.parse(row!.history);
}

const codesOf = ({ diagnoses, medications }: PatientHistory) => [
  ...(diagnoses ?? []).map(({ code, code_type_name }) => `${code_type_name} ${code}`),
  ...(medications ?? []).map(({ code, code_type }) => `${code_type} ${code}`),
];

describe("a code in another code system", () => {
  it("is the only one that the vocabulary holds valid; of several, or invalid ones, none is taken", async () => {
    expect(codesOf(await historyOf("translated"))).toEqual([
      "ICD10 I10",
      "SNOMED gone",
      "SNOMED two",
      "ATC C09AA02",
      "RXNORM combined",
    ]);
  });

  it("is not looked for where the source's own will do", async () => {
    expect(codesOf(await historyOf("as recorded"))).toEqual([
      "SNOMED gone",
      "SNOMED one",
      "SNOMED two",
      "RXNORM combined",
      "RXNORM single",
    ]);
  });
});
