import { readFileSync } from "node:fs";
import { beforeEach, describe, expect, it, onTestFinished, test } from "vitest";
import { fhirFiles } from "../../src/ingest/fhir-files.ts";
import { type MapToOmopOptions, mapToOmop } from "../../src/omop/map-to-omop.ts";
import { pipeline } from "../../src/pipeline/pipeline.ts";
import type { ProgressEvent } from "../../src/pipeline/stage.ts";
import { openWarehouse } from "../../src/warehouse/warehouse.ts";
import { condition, lines, patient } from "../ingest/intake.ts";
import { type Folder, openFolder } from "../support/folder.ts";
import { writeVocabulary } from "../support/vocabulary-rows.ts";

const rows = readFileSync(new URL("../../schemas/code-systems.csv", import.meta.url), "utf8")
  .trim()
  .split("\n")
  .slice(1);

describe("the list of code systems", () => {
  /** Without what the mapping does not compare. */
  const canonical = (uri: string) => uri.toLowerCase().replace(/^https?:\/\/|^urn:oid:|\/+$/g, "");

  it("names each system and vocabulary once", () => {
    const systems = rows
      .map((row) => row.split(","))
      .map(([uri = "", , vocabulary]) => `${canonical(uri)} ${vocabulary}`);
    expect(systems.filter((system, i) => systems.indexOf(system) !== i)).toEqual([]);
  });

  test.each([
    ["http://snomed.info/sct", "SNOMED"],
    ["http://loinc.org", "LOINC"],
    ["http://www.nlm.nih.gov/research/umls/rxnorm", "RxNorm"],
    ["http://hl7.org/fhir/sid/ndc", "NDC"],
    ["http://hl7.org/fhir/sid/icd-10-cm", "ICD10CM"],
    ["http://hl7.org/fhir/sid/icd-10", "ICD10"],
    ["http://hl7.org/fhir/sid/icd-9-cm", "ICD9CM, ICD9Proc"],
    ["http://www.cms.gov/Medicare/Coding/ICD10", "ICD10PCS"],
    ["http://hl7.org/fhir/sid/icd-11", "ICD11"],
    ["http://www.ama-assn.org/go/cpt", "CPT4"],
    ["http://www.cms.gov/Medicare/Coding/HCPCSReleaseCodeSets", "HCPCS"],
    ["http://www.ada.org/cdt", "CDT, HCPCS"],
    ["http://hl7.org/fhir/sid/cvx", "CVX"],
    ["http://www.whocc.no/atc", "ATC"],
    ["http://unitsofmeasure.org", "UCUM"],
    ["http://fhir.de/CodeSystem/bfarm/icd-10-gm", "ICD10GM"],
    ["http://fhir.de/CodeSystem/bfarm/ops", "OPS"],
    ["http://nucc.org/provider-taxonomy", "NUCC"],
    ["https://www.cms.gov/Medicare/Coding/place-of-service-codes", "CMS Place of Service"],
    ["https://nahdo.org/sopt", "SOPT"],
    ["http://terminology.hl7.org/CodeSystem/icd-o-3", "ICDO3"],
    ["https://dmd.nhs.uk", "dm+d"],
    ["urn:oid:2.16.840.1.113883.6.101", "NUCC"],
    ["urn:oid:2.16.840.1.113883.6.59", "CVX"],
  ])("says that %s is %s", (uri, vocabularies) => {
    const found = rows.map((row) => row.split(",")).filter(([listed]) => listed === uri);
    expect(found.map(([, , vocabulary]) => vocabulary).join(", ")).toBe(vocabularies);
  });
});

describe("code systems of the user", () => {
  const hospital = "http://hospital.example/codes";
  const local = { domain_id: "Condition", vocabulary_id: "Hospital" };
  let folder: Folder;
  beforeEach(async () => {
    folder = await openFolder();
    onTestFinished(() => folder[Symbol.asyncDispose]());
  });

  /** Maps a condition of one coding: its concepts, and what the user is told. */
  async function mapOne(system: string, code: string, options: MapToOmopOptions, rules: readonly object[] = []) {
    const vocabulary = await writeVocabulary(folder.file("vocabulary"), {
      concept: [
        { ...local, concept_id: 2000000001, concept_name: "Cough", concept_code: "COUGH" },
        { ...local, concept_id: 2000000002, concept_name: "Sneeze", vocabulary_id: "ICD10CM", concept_code: "R06.7" },
        {
          ...local,
          concept_id: 254761,
          concept_name: "Cough",
          vocabulary_id: "SNOMED",
          standard_concept: "S",
          concept_code: "49727002",
        },
      ],
      concept_relationship: [{ concept_id_1: 2000000001, concept_id_2: 254761, relationship_id: "Maps to" }],
      source_to_concept_map: rules,
    });
    const input = await folder.write(
      "a.ndjson",
      lines(patient("p"), condition("c", { code: { coding: [{ system, code }] } })),
    );
    await using warehouse = await openWarehouse(":memory:", { vocabulary });
    const warnings: string[] = [];
    const onProgress = ({ state, message = "" }: ProgressEvent) => {
      if (state === "warning") warnings.push(message);
    };
    await pipeline(fhirFiles(input), mapToOmop(options)).run(warehouse, { onProgress });
    const concepts = await warehouse.row(
      "select condition_concept_id as standard, condition_source_concept_id as source from cdm.condition_occurrence",
    );
    return {
      concepts,
      warnings: warnings.filter(
        (warning) => (warning.includes("concept") && warning.includes(system)) || warning.includes("rules"),
      ),
    };
  }

  it("lead to the concepts of a local vocabulary, however the system is written", async () => {
    const codeSystems = { "https://Hospital.example/codes/": "Hospital" };
    const { concepts, warnings } = await mapOne(hospital, "COUGH", { codeSystems });
    expect(concepts).toEqual({ standard: 254761, source: 2000000001 });
    expect(warnings).toEqual([]);
  });

  it("take the place of built-in ones", async () => {
    const system = "http://hl7.org/fhir/sid/icd-10-cm";
    expect((await mapOne(system, "R067", {})).concepts).toEqual({ standard: 0, source: 2000000002 });
    const codeSystems = { [system]: "Hospital" };
    expect((await mapOne(system, "R067", { codeSystems })).concepts).toEqual({ standard: 0, source: 0 });
    expect((await mapOne(system, "COUGH", { codeSystems })).concepts).toEqual({ standard: 254761, source: 2000000001 });
  });

  it("that nobody knows are named with what to do", async () => {
    const { concepts, warnings } = await mapOne(hospital, "COUGH", {});
    expect(concepts).toEqual({ standard: 0, source: 0 });
    expect(warnings).toEqual([
      `1 codes of ${hospital} have no concept (1 rows): it is no known code system. Say with codeSystems (--overrides) ` +
        "which vocabulary it is, or map its codes in SOURCE_TO_CONCEPT_MAP.csv.",
    ]);
  });

  it("whose vocabulary is not loaded are named with it", async () => {
    const { warnings } = await mapOne(hospital, "COUGH", { codeSystems: { [hospital]: "Clinic" } });
    expect(warnings).toEqual([
      `1 codes of ${hospital} have no concept (1 rows): the vocabulary Clinic is not among the loaded ones.`,
    ]);
  });

  it("and rules whose targets are no standard concepts are counted", async () => {
    const rule = {
      source_code: "COUGH",
      source_concept_id: 0,
      source_vocabulary_id: "Hospital",
      target_vocabulary_id: "ICD10CM",
    };
    const options = { codeSystems: { [hospital]: "Hospital" } };
    const { concepts, warnings } = await mapOne(hospital, "COUGH", options, [
      { ...rule, target_concept_id: 2000000002 },
    ]);
    expect(concepts).toEqual({ standard: 254761, source: 2000000001 });
    expect(warnings).toEqual([
      "1 rules of SOURCE_TO_CONCEPT_MAP do not count: their targets (such as 2000000002) are no valid standard concepts.",
    ]);
  });
});
