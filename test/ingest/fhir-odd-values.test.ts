import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { RunReport } from "../../schemas/report.ts";
import type { Row } from "../../src/warehouse/values.ts";
import { condition, type Intake, lines, openIntake, patient, type Resource, weight } from "./intake.ts";

type Odd = readonly [name: string, resource: Resource, row: Row | undefined];

const vitalSigns = [{ coding: [{ code: "vital-signs" }] }];

/** Weights with an element that is not what FHIR says, and what remains of each: a row, or none. */
const odd: readonly Odd[] = [
  ["a number as text", { valueQuantity: { value: "7.2", unit: "kg" } }, { value_as_number: 7.2 }],
  ["a text that is no number", { valueQuantity: { value: "many", unit: "kg" } }, { value_as_number: null }],
  ["NaN as text", { valueQuantity: { value: "NaN" } }, { value_as_number: null }],
  ["infinity as text", { valueQuantity: { value: "Infinity" } }, { value_as_number: null }],
  ["a quantity that is a number", { valueQuantity: 70 }, { value_as_number: null, unit_source_value: null }],
  ["a quantity that is a list", { valueQuantity: [{ value: 70 }] }, { value_as_number: null }],
  [
    "a unit that is a number",
    { valueQuantity: { value: 70, unit: 5 } },
    { value_as_number: 70, unit_source_value: "5" },
  ],
  ["a date that is a number", { effectiveDateTime: 2019 }, { measurement_date: "2019-01-01" }],
  [
    "a date that is an object",
    { effectiveDateTime: { year: 2019 }, issued: "2020-02-02T00:00:00Z" },
    { measurement_date: "2020-02-02" },
  ],
  ["the year 0000", { effectiveDateTime: "0000-01-01" }, undefined],
  ["a 13th month", { effectiveDateTime: "2019-13-01" }, undefined],
  ["29 February of a common year", { effectiveDateTime: "2019-02-29" }, undefined],
  [
    "25 o'clock",
    { effectiveDateTime: "2019-05-01T25:00:00Z" },
    { measurement_date: "2019-05-01", measurement_datetime: null },
  ],
  ["a year of five digits", { effectiveDateTime: "12019-05-01" }, undefined],
  ["a code that is a text", { code: "29463-7" }, undefined],
  [
    "codings that are one object",
    { code: { coding: { code: "29463-7" }, text: "weight" } },
    { measurement_source_value: "weight" },
  ],
  ["codings that are texts", { code: { coding: ["29463-7", { code: "a" }] } }, { measurement_source_value: "a" }],
  ["codings that are null", { code: { coding: [null, { code: "a" }] } }, { measurement_source_value: "a" }],
  ["a code that is a number", { code: { coding: [{ code: 29463 }] } }, { measurement_source_value: "29463" }],
  ["a code that is true", { code: { coding: [{ code: true }], text: "weight" } }, { measurement_source_value: "true" }],
  [
    "userSelected that is a text",
    { code: { coding: [{ code: "a", userSelected: "maybe" }] } },
    { measurement_source_value: "a" },
  ],
  [
    "10,000 codings",
    { code: { coding: Array.from({ length: 10_000 }, (_, i) => ({ code: `a${i}` })) } },
    { measurement_source_value: "a0" },
  ],
  ["a subject that is a text", { subject: "Patient/p" }, undefined],
  ["an encounter that is a list", { encounter: [{ reference: "Encounter/v" }] }, { visit_occurrence_id: null }],
  ["a category that is a text", { category: "laboratory" }, { measurement_type_concept_id: 32817 }],
  [
    "a category that is no list",
    { category: { coding: [{ code: "laboratory" }] } },
    { measurement_type_concept_id: 32817 },
  ],
  ["components that are no list", { component: { code: { text: "a" }, valueInteger: 3 } }, { value_as_number: 70 }],
  ["components that are null", { component: null }, { value_as_number: 70 }],
  ["a reference range that is a text", { referenceRange: "60 to 80" }, { value_as_number: 70, range_low: null }],
  ["a modifierExtension that is null", { modifierExtension: null }, { value_as_number: 70 }],
  ["a status that is a list", { status: ["final"] }, undefined],
  ["a meta that is a text", { meta: "v1" }, { value_as_number: 70 }],
  ["a lastUpdated that is no time", { meta: { lastUpdated: "lately", versionId: "one" } }, { value_as_number: 70 }],
  ["members that nobody knows", { dragon: { teeth: [1, 2] }, "": 1, "a b": 2, "$.id": 3 }, { value_as_number: 70 }],
  [
    "quotes and signs in a text",
    { code: { text: `'"\\\t\n%{{x}}$1;--` } },
    { measurement_source_value: `'"\\\t\n%{{x}}$1;--` },
  ],
  ["letters beyond the first plane", { code: { text: "🜁👩‍⚕️漢字" } }, { measurement_source_value: "🜁👩‍⚕️漢字" }],
  ["a NUL in a text", { code: { text: "a\u0000b" } }, { measurement_source_value: "a\u0000b" }],
].map(([name, change, row]) => [name, weight("", { category: vitalSigns, ...(change as object) }), row] as Odd);

let intake: Intake;
let report: RunReport;
const neighbours = 2 * odd.length;
beforeAll(async () => {
  intake = await openIntake();
  const resources = odd.flatMap(([, resource], i) => [weight(`before-${i}`), { ...resource, id: `odd-${i}` }]);
  const after = odd.map((_, i) => weight(`after-${i}`));
  await intake.write("Patient.ndjson", lines(patient("p")));
  await intake.write("Observation.ndjson", lines(...resources, ...after));
  report = await intake.land();
});
afterAll(() => intake[Symbol.asyncDispose]());

test("every neighbour has its row, and nothing is in quarantine", async () => {
  const rows = await intake.warehouse.rows(
    `select value_as_number, count(*) as rows from cdm.measurement
     join mapping.lineage on cdm_table = 'measurement' and cdm_id = measurement_id
     where resource_id not like 'odd-%' group by all`,
  );
  expect(rows).toEqual([{ value_as_number: 70, rows: neighbours }]);
  expect(await intake.quarantine()).toEqual([]);
  expect(report.resources.by_type.Observation).toMatchObject({ read: neighbours + odd.length });
});

describe("an Observation with", () => {
  test.each(odd.map(([name, , row], i) => [name, `odd-${i}`, row] as const))("%s", async (_, id, expected) => {
    const rows = await intake.warehouse.rows(
      `select measurement.* from cdm.measurement
       join mapping.lineage on cdm_table = 'measurement' and cdm_id = measurement_id where resource_id = $1`,
      [id],
    );
    const dropped = await intake.warehouse.rows("select reason from mapping.dropped where resource_id = $1", [id]);
    if (expected === undefined) {
      expect(rows).toEqual([]);
      expect(dropped).toHaveLength(1);
    } else {
      expect(rows).toMatchObject([expected]);
      expect(dropped).toEqual([]);
    }
  });
});

test("other resources with members of wrong types", async () => {
  await using other = await openIntake();
  await other.write(
    "all.ndjson",
    lines(
      patient("p", {
        birthDate: 1950,
        gender: ["female"],
        address: "here",
        extension: { url: "x" },
        deceasedDateTime: true,
      }),
      patient("q", {
        address: [null, "here", { line: "1 Street", city: ["Boston"], state: "MA" }],
        _birthDate: "early",
      }),
      condition("c", {
        onsetAge: "40",
        onsetDateTime: undefined,
        recordedDate: "2019-05-01",
        verificationStatus: "confirmed",
      }),
      condition("d", {
        onsetAge: { value: "old", code: "a" },
        abatementDateTime: [],
        category: [null, "x", { coding: [null] }],
      }),
      {
        resourceType: "Encounter",
        id: "v",
        status: "finished",
        class: "AMB",
        subject: { reference: "Patient/p" },
        period: "2019",
      },
      {
        resourceType: "MedicationRequest",
        id: "m",
        status: "active",
        intent: "order",
        subject: { reference: "Patient/p" },
        authoredOn: "2019-05-01",
        medicationCodeableConcept: { text: "the white ones" },
        contained: "nothing",
        dosageInstruction: { text: "one a day" },
        dispenseRequest: {
          numberOfRepeatsAllowed: "many",
          quantity: { value: "x" },
          expectedSupplyDuration: { value: {} },
        },
      },
    ),
  );
  const { tables, resources, dropped } = await other.land();
  expect(resources).toMatchObject({ read: 6, mapped: 5, dropped: 1 });
  expect(dropped).toEqual([{ resource_type: "Encounter", reason: "NO_DATE", count: 1 }]);
  expect(tables).toMatchObject({ person: 2, location: 1, condition_occurrence: 2, drug_exposure: 1 });
});

test.each([1000, 100_000])("JSON of %d levels costs its line at most", async (levels) => {
  await using other = await openIntake();
  const deep = `{"resourceType":"Observation","id":"deep","x":${"[".repeat(levels)}${"]".repeat(levels)}}`;
  await other.write("all.ndjson", `${lines(patient("p"), weight("a"))}${deep}\n${lines(weight("b"))}`);
  const { resources, tables } = await other.land();
  expect(resources.read).toBe(4);
  expect(tables).toMatchObject({ person: 1, measurement: 2 });
});

test("numbers of 300 and 400 digits, and of many decimals", async () => {
  await using other = await openIntake();
  const value = (id: string, digits: string) => lines(weight(id)).replace('"value":70', `"value":${digits}`);
  await other.write(
    "all.ndjson",
    [
      lines(patient("p")),
      value("a", "9".repeat(300)),
      value("b", "9".repeat(400)),
      value("c", `0.${"3".repeat(300)}`),
    ].join(""),
  );
  await other.land();
  const rows = await other.warehouse.rows("select value_as_number from cdm.measurement order by 1");
  expect(rows).toEqual([
    { value_as_number: 0.3333333333333333 },
    { value_as_number: 1e300 },
    { value_as_number: null },
  ]);
});
