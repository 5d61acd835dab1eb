import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Intake, lines, openIntake, patient, weight } from "./intake.ts";

let intake: Intake;
beforeAll(async () => {
  intake = await openIntake();
});
afterAll(() => intake[Symbol.asyncDispose]());

const wrong = [
  weight("a", { code: "29463-7" }),
  weight("b", { code: ["29463-7"], subject: { reference: { id: "Patient/p" } } }),
  weight("c", { code: { coding: { code: "29463-7" } } }),
  weight("d", { code: { coding: [{ code: "a", userSelected: "perhaps" }, "b"] } }),
  weight("e", { valueQuantity: { value: "many" } }),
  weight("f", { valueQuantity: { value: "7.2" }, component: [{ valueInteger: {} }, { valueInteger: 1 }] }),
  weight("g", { code: null, category: [null], valueQuantity: { value: null } }),
];
const counted = [
  { resource_type: "Observation", element: "valueQuantity.value", expected: "number", found: "text", records: 2 },
  { resource_type: "Observation", element: "code", expected: "object", found: "list", records: 1 },
  { resource_type: "Observation", element: "code", expected: "object", found: "text", records: 1 },
  { resource_type: "Observation", element: "code.coding", expected: "list", found: "object", records: 1 },
  { resource_type: "Observation", element: "code.coding[]", expected: "object", found: "several kinds", records: 1 },
  {
    resource_type: "Observation",
    element: "component[].valueInteger",
    expected: "number",
    found: "several kinds",
    records: 1,
  },
];

describe("an element of another type than FHIR gives it is counted", () => {
  test.each([
    ["in NDJSON of one type", "Observation.ndjson", lines(weight("first"), ...wrong)],
    ["in mixed NDJSON", "mixed.ndjson", lines(patient("q"), ...wrong)],
    ["beside lines that are no JSON", "broken.ndjson", `${lines(weight("first"), ...wrong)}{"resourceType":`],
    [
      "in a Bundle",
      "bundle.json",
      JSON.stringify({ resourceType: "Bundle", entry: wrong.map((resource) => ({ resource })) }),
    ],
  ])("%s", async (_, name, content) => {
    const patients = await intake.write("Patient.ndjson", lines(patient("p")));
    const report = await intake.land([patients, await intake.write(name, content)]);
    expect(report.unread_elements).toEqual(counted);
  });
});

test("a file that is read again is counted once", async () => {
  const path = await intake.write("again.ndjson", lines(patient("r", { address: "here" })));
  await intake.land(path);
  const { unread_elements } = await intake.land(path);
  expect(unread_elements).toEqual([
    { resource_type: "Patient", element: "address", expected: "list", found: "text", records: 1 },
  ]);
  await intake.write("again.ndjson", lines(patient("r")));
  expect((await intake.land(path)).unread_elements).toEqual([]);
});
