import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { formats, generate } from "../../sample-data/generator/generate.ts";
import { bundlesOf, csvOf, type Json, ndjsonOf, ofType } from "./read-sample.ts";

let sampleData: string;
let resources: Json[];

beforeAll(async () => {
  sampleData = await mkdtemp(join(tmpdir(), "omopipe-sample-"));
  await generate({ patients: 60, seed: 4, out: sampleData, formats });
  resources = await ndjsonOf(sampleData);
});
afterAll(() => rm(sampleData, { recursive: true, force: true }));

const idIn = (reference: Json | undefined): string => reference?.reference.split(/[/:]/).at(-1) ?? "";
const sorted = (rows: readonly (readonly Json[])[]): string[] =>
  rows.map((row) => row.map((cell) => cell ?? "").join(" | ")).sort();

describe("NDJSON and Bundles", () => {
  test("hold the same resources; only their references differ", async () => {
    const bundled = [...(await bundlesOf(sampleData)).values()].flatMap((bundle) => bundle.entry);
    const byId = new Map(bundled.map((entry) => [entry.resource.id, entry.resource]));
    expect(bundled).toHaveLength(resources.length);
    for (const resource of resources) {
      const inBundleStyle = JSON.stringify(resource).replaceAll(/"reference":"[A-Z]\w+\//g, '"reference":"urn:uuid:');
      expect(JSON.stringify(byId.get(resource.id))).toBe(inBundleStyle);
    }
  });

  test("a Bundle is one patient's transaction, and its references end inside it", async () => {
    const strangers: string[] = [];
    for (const bundle of (await bundlesOf(sampleData)).values()) {
      expect(bundle).toMatchObject({ resourceType: "Bundle", type: "transaction" });
      expect(
        ofType(
          bundle.entry.map((entry: Json) => entry.resource),
          "Patient",
        ),
      ).toHaveLength(1);
      const addresses = new Set(bundle.entry.map((entry: Json) => entry.fullUrl));
      for (const { fullUrl, resource, request } of bundle.entry) {
        expect(fullUrl).toBe(`urn:uuid:${resource.id}`);
        expect(request).toEqual({ method: "PUT", url: `${resource.resourceType}/${resource.id}` });
        const references = JSON.stringify(resource).match(/urn:uuid:[^"]+/g) ?? [];
        strangers.push(...references.filter((reference) => !addresses.has(reference)));
      }
    }
    expect(strangers, "one event in twenty patients whose patient is not in the data").toHaveLength(3);
  });

  test("ids are UUIDs and unique", () => {
    const ids = resources.map((resource) => resource.id);
    expect(new Set(ids).size).toBe(ids.length);
    for (const id of ids) expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  });
});

describe("CSV and FHIR", () => {
  const wholeDate = (date: string) => `${date}${"-01-01".slice(date.length - 4)}`.slice(0, 10);
  const codingOf = (concept: Json, preferred: string) =>
    concept.coding?.find(({ system }: Json) => system.endsWith(preferred)) ?? concept.coding?.[0];

  test("patients are the same", async () => {
    const rows = (await csvOf(sampleData, "patients")).map((row) => [
      row.Id,
      row.BIRTHDATE,
      row.DEATHDATE,
      row.LAST,
      row.FIRST,
      row.GENDER,
      row.CITY,
      row.STATE,
      row.ZIP,
    ]);
    const patients = ofType(resources, "Patient").map((patient) => [
      patient.id,
      patient.birthDate,
      patient.deceasedDateTime?.slice(0, 10),
      patient.name[0].family,
      patient.name[0].given[0],
      patient.extension.find(({ url }: Json) => url.endsWith("birthsex")).valueCode,
      patient.address[0].city,
      patient.address[0].state,
      patient.address[0].postalCode,
    ]);
    expect(rows).toHaveLength(60);
    expect(sorted(rows)).toEqual(sorted(patients));
  });

  test("encounters are the same", async () => {
    const classes: Json = { ambulatory: "AMB", emergency: "EMER", inpatient: "IMP", virtual: "VR" };
    const rows = (await csvOf(sampleData, "encounters")).map((row) => [
      row.Id,
      row.PATIENT,
      classes[row.ENCOUNTERCLASS!],
      row.CODE,
      row.START,
      row.STOP,
      row.REASONCODE,
    ]);
    const encounters = ofType(resources, "Encounter").map((encounter) => [
      encounter.id,
      idIn(encounter.subject),
      encounter.class.code,
      encounter.type[0].coding[0].code,
      encounter.period.start,
      encounter.period.end,
      encounter.reasonCode?.[0].coding[0].code,
    ]);
    expect(sorted(rows)).toEqual(sorted(encounters));
  });

  test("conditions are the same but for those entered in error; one without a code has its words", async () => {
    const rows = (await csvOf(sampleData, "conditions")).map((row) => [
      row.PATIENT,
      row.ENCOUNTER,
      row.START,
      row.STOP,
      row.CODE,
      row.CODE === "" ? row.DESCRIPTION : "",
    ]);
    const conditions = ofType(resources, "Condition")
      .filter(({ verificationStatus }) => verificationStatus.coding[0].code !== "entered-in-error")
      .map(({ subject, encounter, onsetDateTime, abatementDateTime, code }) => [
        idIn(subject),
        idIn(encounter),
        wholeDate(onsetDateTime),
        abatementDateTime,
        codingOf(code, "sct")?.code,
        code.text,
      ]);
    expect(sorted(rows)).toEqual(sorted(conditions));
  });

  test("observations are the same, a row for each value and each component that has one", async () => {
    const rows = (await csvOf(sampleData, "observations")).map((row) => [
      row.PATIENT,
      row.ENCOUNTER,
      row.DATE,
      row.CATEGORY,
      row.CODE,
      row.VALUE,
      row.UNITS,
    ]);
    const observations = ofType(resources, "Observation")
      .filter(({ status, dataAbsentReason }) => status === "final" && dataAbsentReason === undefined)
      .flatMap((observation) =>
        (observation.component ?? [observation]).map((part: Json) => [
          idIn(observation.subject),
          idIn(observation.encounter),
          observation.effectiveDateTime.length < 10
            ? `${wholeDate(observation.effectiveDateTime)}T00:00:00Z`
            : observation.effectiveDateTime,
          observation.category[0].coding[0].code,
          part.code.coding[0].code,
          valueText(part),
          part.valueQuantity?.code,
        ]),
      );
    expect(sorted(rows)).toEqual(sorted(observations));
  });

  function valueText(part: Json): string {
    if (part.valueQuantity) return `${part.valueQuantity.comparator ?? ""}${part.valueQuantity.value}`;
    if (part.valueCodeableConcept) return part.valueCodeableConcept.coding[0].display;
    if (part.valueBoolean !== undefined) return part.valueBoolean ? "Yes" : "No";
    return String(part.valueInteger ?? part.valueString);
  }

  test("procedures are the same", async () => {
    const rows = (await csvOf(sampleData, "procedures")).map((row) => [
      row.PATIENT,
      row.ENCOUNTER,
      row.START,
      row.STOP,
      row.CODE,
      row.REASONCODE,
    ]);
    const procedures = ofType(resources, "Procedure").map((procedure) => [
      idIn(procedure.subject),
      idIn(procedure.encounter),
      procedure.performedPeriod.start,
      procedure.performedPeriod.end,
      procedure.code.coding[0].code,
      procedure.reasonCode?.[0].coding[0].code,
    ]);
    expect(sorted(rows)).toEqual(sorted(procedures));
  });

  test("medications are the same, however FHIR names the drug", async () => {
    const byId = new Map(resources.map((resource) => [resource.id, resource]));
    const conceptOf = (request: Json) =>
      request.medicationCodeableConcept ??
      request.contained?.[0].code ??
      byId.get(idIn(request.medicationReference)).code;
    const rows = (await csvOf(sampleData, "medications")).map((row) => [
      row.PATIENT,
      row.ENCOUNTER,
      row.START,
      row.STOP,
      row.CODE,
      row.DISPENSES,
      row.REASONCODE,
    ]);
    const requests = ofType(resources, "MedicationRequest").map((request) => {
      const days = request.dispenseRequest.expectedSupplyDuration.value - 1;
      const until = new Date(Date.parse(request.authoredOn) + days * 86_400_000).toISOString().slice(0, 10);
      const condition = request.reasonReference && byId.get(idIn(request.reasonReference[0]));
      return [
        idIn(request.subject),
        idIn(request.encounter),
        request.authoredOn,
        `${until}T00:00:00Z`,
        codingOf(conceptOf(request), "rxnorm").code,
        request.dispenseRequest.numberOfRepeatsAllowed + 1,
        condition?.code.coding[0].code,
      ];
    });
    expect(sorted(rows)).toEqual(sorted(requests));
  });

  test("immunizations are the same", async () => {
    const rows = (await csvOf(sampleData, "immunizations")).map((row) => [
      row.PATIENT,
      row.ENCOUNTER,
      row.DATE,
      row.CODE,
    ]);
    const immunizations = ofType(resources, "Immunization").map((immunization) => [
      idIn(immunization.patient),
      idIn(immunization.encounter),
      immunization.occurrenceDateTime,
      immunization.vaccineCode.coding[0].code,
    ]);
    expect(sorted(rows)).toEqual(sorted(immunizations));
  });
});
