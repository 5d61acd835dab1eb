import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { MapToOmopOptions } from "../../src/omop/map-to-omop.ts";
import { condition, type Intake, lines, openIntake, patient, type Resource, weight } from "../ingest/intake.ts";
import { projectFile } from "../support/sources.ts";
import { booksOf, differences } from "./books.ts";

/** Lands each night in one warehouse after the other, and all at once in a fresh one: the same is in both. */
async function expectSameAsAtOnce(
  nights: readonly (readonly Resource[])[],
  {
    vocabulary,
    patientsByIdentifier,
    ...rules
  }: MapToOmopOptions & { readonly vocabulary?: string; readonly patientsByIdentifier?: boolean } = {},
): Promise<Intake> {
  const nightly = await openIntake(vocabulary, rules);
  await using whole = await openIntake(vocabulary, rules);
  for (const [night, resources] of nights.entries()) {
    const file = await nightly.write(`${night}.ndjson`, lines(...resources));
    await whole.write(`${night}.ndjson`, lines(...resources));
    await nightly.land(file, { patientsByIdentifier });
  }
  await whole.land(undefined, { patientsByIdentifier });
  expect(differences(await booksOf(nightly.warehouse), await booksOf(whole.warehouse))).toEqual([]);
  return nightly;
}

const version = (number: number) => ({
  meta: { versionId: String(number), lastUpdated: `2020-01-0${number}T00:00:00Z` },
});
const deletion = (url: string, at: number): Resource => ({
  resourceType: "Bundle",
  type: "history",
  entry: [{ request: { method: "DELETE", url }, response: { lastModified: `2020-01-0${at}T12:00:00Z` } }],
});
const others = Array.from({ length: 8 }, (_, i) => patient(`other-${i}`));
const visit = (id: string, more: object = {}): Resource => ({
  resourceType: "Encounter",
  id,
  status: "finished",
  class: { code: "AMB" },
  subject: { reference: "Patient/p" },
  period: { start: "2019-05-01T10:00:00Z", end: "2019-05-01T11:00:00Z" },
  ...more,
});

describe("what changes from one night to the next leaves the same rows as all at once", () => {
  it.each<[string, (readonly Resource[])[]]>([
    ["a new patient", [[...others, weight("w")], [patient("p")]]],
    [
      "a newer version",
      [[...others, patient("p"), weight("w", version(1))], [weight("w", { ...version(2), issued: "2019-05-02" })]],
    ],
    [
      "an older version that comes later",
      [[...others, patient("p"), weight("w", version(2))], [weight("w", version(1))]],
    ],
    [
      "a record of another patient than before",
      [
        [...others, patient("p"), condition("c", version(1))],
        [condition("c", { ...version(2), subject: { reference: "Patient/other-1" } })],
      ],
    ],
    [
      "a record that is deleted",
      [[...others, patient("p"), condition("c", version(1)), weight("w")], [deletion("Condition/c", 2)]],
    ],
    ["a patient who is deleted", [[...others, patient("p", version(1)), weight("w")], [deletion("Patient/p", 2)]]],
    [
      "a deletion that comes before what it deletes",
      [
        [...others, deletion("Condition/c", 2)],
        [patient("p"), condition("c", version(1))],
      ],
    ],
    [
      "a record that comes back after it was deleted",
      [
        [...others, patient("p"), condition("c", version(1))],
        [deletion("Condition/c", 2)],
        [condition("c", version(3))],
      ],
    ],
    [
      "a visit that comes after its events",
      [[...others, patient("p"), weight("w", { encounter: { reference: "Encounter/v" } })], [visit("v")]],
    ],
    [
      "a visit that becomes another patient's",
      [
        [...others, patient("p"), visit("v", version(1)), weight("w", { encounter: { reference: "Encounter/v" } })],
        [visit("v", { ...version(2), subject: { reference: "Patient/other-1" } })],
      ],
    ],
    ["a record that nobody's is", [[...others, patient("p")], [weight("w", { subject: undefined })]]],
    [
      "a medication that comes later, and is another then",
      [
        [
          ...others,
          patient("p"),
          {
            resourceType: "MedicationRequest",
            id: "m",
            status: "active",
            intent: "order",
            subject: { reference: "Patient/p" },
            medicationReference: { reference: "Medication/d" },
            authoredOn: "2019-03-01",
          },
        ],
        [{ resourceType: "Medication", id: "d", code: { text: "Aspirin" }, ...version(1) }],
        [{ resourceType: "Medication", id: "d", code: { text: "Ibuprofen" }, ...version(2) }],
      ],
    ],
    [
      "an organization and a practitioner that come later",
      [
        [
          ...others,
          patient("p"),
          visit("v", {
            serviceProvider: { reference: "Organization/o" },
            participant: [{ individual: { reference: "Practitioner/d" } }],
          }),
        ],
        [
          { resourceType: "Organization", id: "o", name: "Clinic", address: [{ city: "Basel" }] },
          { resourceType: "Practitioner", id: "d", gender: "female" },
        ],
      ],
    ],
    [
      "an address that a person leaves",
      [
        [...others, patient("p", { ...version(1), address: [{ city: "Basel" }] })],
        [patient("p", { ...version(2), address: [{ city: "Bern" }] })],
      ],
    ],
    [
      "texts too long for their columns",
      [
        [...others, patient("p"), condition("c", { ...version(1), code: { text: "cough ".repeat(20) } })],
        [
          condition("c", { ...version(2), code: { text: "a cough" } }),
          condition("d", { code: { text: "fever ".repeat(20) } }),
        ],
      ],
    ],
    ["nothing at all", [[...others, patient("p"), weight("w")], [...others.slice(0, 1)]]],
  ])("%s", async (_name, nights) => {
    await using _nightly = await expectSameAsAtOnce(nights);
  });

  it("eras of drugs, which are made with the vocabulary", async () => {
    const prescription = (day: string, number: number): Resource => ({
      resourceType: "MedicationRequest",
      id: "r",
      status: "completed",
      intent: "order",
      medicationCodeableConcept: {
        coding: [{ system: "http://www.nlm.nih.gov/research/umls/rxnorm", code: "312961" }],
      },
      subject: { reference: "Patient/p" },
      authoredOn: day,
      ...version(number),
    });
    await using nightly = await expectSameAsAtOnce(
      [[...others, patient("p"), prescription("2019-05-01", 1)], [prescription("2019-06-01", 2)]],
      { vocabulary: projectFile("sample-data/vocabulary") },
    );
    expect(await nightly.warehouse.rows("select drug_era_start_date::varchar as start from cdm.drug_era")).toEqual([
      { start: "2019-06-01" },
    ]);
  });

  it("patients by identifier: one who comes later, and one who is no longer the only one", async () => {
    const identifier = (value: string) => ({ system: "http://hospital.example/mrn", value });
    const named = (id: string, value: string) => condition(id, { subject: { identifier: identifier(value) } });
    await using nightly = await expectSameAsAtOnce(
      [
        [...others, patient("p", { identifier: [identifier("1")] }), named("a", "1"), named("b", "2")],
        [patient("q", { identifier: [identifier("2")] })],
        [patient("r", { identifier: [identifier("1")] }), weight("w")],
      ],
      { patientsByIdentifier: true },
    );
    const found = `select resource_id as condition, person_source_value as person
      from cdm.condition_occurrence join cdm.person using (person_id)
      join mapping.lineage on cdm_table = 'condition_occurrence' and cdm_id = condition_occurrence_id`;
    expect(await nightly.warehouse.rows(found)).toEqual([{ condition: "b", person: "q" }]);
  });

  it("periods of insurance", async () => {
    const coverage = (id: string, period: object): Resource => ({
      resourceType: "Coverage",
      id,
      status: "active",
      beneficiary: { reference: "Patient/p" },
      period,
    });
    await using nightly = await expectSameAsAtOnce(
      [
        [...others, patient("p"), coverage("a", { start: "2010-01-01", end: "2010-12-31" })],
        [coverage("b", { start: "2011-01-01", end: "2011-12-31" })],
      ],
      { observationPeriod: "enrolment" },
    );
    const periods = "select observation_period_end_date::varchar as last_day from cdm.observation_period";
    expect(await nightly.warehouse.rows(periods)).toEqual([{ last_day: "2011-12-31" }]);
  });

  it("times on the clock of one zone", async () => {
    const night = (more: object) => ({
      period: { start: "2019-05-01T22:30:00Z", end: "2019-05-02T01:00:00Z" },
      ...more,
    });
    await using nightly = await expectSameAsAtOnce(
      [
        [
          ...others,
          patient("p"),
          visit("v", night(version(1))),
          weight("w", { subject: { reference: "Patient/other-1" } }),
        ],
        [
          visit("v", night({ ...version(2), class: { code: "IMP" } })),
          weight("x", { effectiveDateTime: "2019-05-01T23:30:00Z", encounter: { reference: "Encounter/v" } }),
        ],
      ],
      { timeZone: "Europe/Berlin" },
    );
    expect(
      await nightly.warehouse.rows(
        `select visit_start_datetime::varchar as start, measurement_datetime::varchar as weighed
         from cdm.visit_occurrence join cdm.measurement using (visit_occurrence_id)`,
      ),
    ).toEqual([{ start: "2019-05-02 00:30:00", weighed: "2019-05-02 01:30:00" }]);
  });

  it("the guide to the letter", async () => {
    const refuted = { verificationStatus: { coding: [{ code: "refuted" }] } };
    const request = (intent: string, more: object): Resource => ({
      resourceType: "MedicationRequest",
      id: "r",
      status: "completed",
      intent,
      medicationCodeableConcept: { text: "Aspirin" },
      subject: { reference: "Patient/p" },
      authoredOn: "2019-05-01",
      ...more,
    });
    await using nightly = await expectSameAsAtOnce(
      [
        [
          ...others,
          patient("p"),
          condition("c", version(1)),
          condition("d", { ...refuted, ...version(1) }),
          condition("e", { ...refuted, subject: { reference: "Patient/other-1" } }),
          request("order", version(1)),
        ],
        [
          condition("c", { ...refuted, ...version(2) }),
          condition("d", version(2)),
          request("instance-order", version(2)),
        ],
      ],
      { ruleset: "hl7-guide" },
    );
    const places = `select resource_id, cdm_table
      from mapping.lineage where resource_type in ('Condition', 'MedicationRequest') order by all`;
    expect(await nightly.warehouse.rows(places)).toEqual([
      { resource_id: "c", cdm_table: "observation" },
      { resource_id: "d", cdm_table: "condition_occurrence" },
      { resource_id: "e", cdm_table: "observation" },
      { resource_id: "r", cdm_table: "drug_exposure" },
    ]);
  });

  it("whatever happens in whatever order", { timeout: 300_000 }, async () => {
    const who = fc.constantFrom("p", "other-1", "other-2");
    const change = fc.record({
      kind: fc.constantFrom("patient", "weight", "condition", "visit", "delete"),
      who,
      id: fc.constantFrom("a", "b"),
    });
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.array(change, { minLength: 1, maxLength: 4 }), { minLength: 1, maxLength: 3 }),
        fc.constantFrom("span" as const, "gap548" as const),
        async (nights, observationPeriod) => {
          const made = nights.map((changes, night) => changes.map((each) => resourceOf(each, night + 1)));
          await using _nightly = await expectSameAsAtOnce(
            [[...others, patient("p"), weight("a"), condition("b")], ...made],
            { observationPeriod },
          );
        },
      ),
      { numRuns: 4, endOnFailure: true },
    );
  });
});

function resourceOf({ kind, who, id }: { kind: string; who: string; id: string }, night: number): Resource {
  const more = { ...version(night), subject: { reference: `Patient/${who}` }, encounter: { reference: "Encounter/a" } };
  if (kind === "patient") return patient(who, { ...version(night), address: [{ city: `City ${night}` }] });
  if (kind === "weight") return weight(id, { ...more, valueQuantity: { value: 70 + night, unit: "kg" } });
  if (kind === "condition") return condition(id, more);
  if (kind === "visit") return visit(id, more);
  return deletion(`Observation/${id}`, night);
}

describe("a file that was landed before", () => {
  it("is passed over while it is as it was, and counted as read all the same", async () => {
    await using intake = await openIntake();
    await intake.write("all.ndjson", lines(...others, weight("w", { subject: { reference: "Patient/other-1" } })));
    const first = await intake.land();
    await intake.warehouse.run("delete from landing.observation");
    const second = await intake.land();
    expect(second.resources).toEqual(first.resources);
    expect(await intake.ids("observation")).toEqual([]);
  });

  it("is passed over when it was only written again", async () => {
    await using intake = await openIntake();
    await intake.write("all.ndjson", lines(...others));
    await intake.land();
    await intake.warehouse.run("delete from landing.patient");
    await intake.write("all.ndjson", lines(...others));
    await intake.land();
    expect(await intake.ids("patient")).toEqual([]);
  });

  it("is read anew when it is another, and only what differs is mapped again", async () => {
    await using intake = await openIntake();
    const records = others.map(({ id }) => weight(`w-${id}`, { subject: { reference: `Patient/${id}` } }));
    await intake.write("all.ndjson", lines(...others, ...records));
    await intake.land();
    await intake.warehouse.run(
      "update cdm.measurement set value_as_number = -1; update cdm.observation set value_as_number = -1",
    );
    await intake.write(
      "all.ndjson",
      lines(...others, ...records.slice(1), { ...records[0], valueQuantity: { value: 80, unit: "kg" } }),
    );
    await intake.land();
    const values = await intake.warehouse.rows("select value_as_number as value from cdm.measurement order by all");
    expect(values.map(({ value }) => value)).toEqual([...records.slice(1).map(() => -1), 80]);
  });
});
