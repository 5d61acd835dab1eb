import { expect, test } from "vitest";
import { lines, openIntake, patient, weight } from "./intake.ts";

const million = (count: number) => "z".repeat(count * 1_000_000);

test("records of many megabytes cost no other anything, within the memory that there is of itself", {
  timeout: 120_000,
}, async () => {
  await using intake = await openIntake();
  const ordinary = Array.from({ length: 12 }, (_, i) => weight(`ordinary-${i}`, { valueQuantity: { value: 70 } }));
  const large = ordinary.map((_, i) => weight(`large-${i}`, { dragon: million(10), code: { text: million(1) } }));
  const longer = [
    weight("longer-1", { valueString: million(20) }),
    weight("longer-2", { note: [{ text: million(20) }] }),
  ];
  await intake.write("Patient.ndjson", lines(patient("p")));
  await intake.write("Observation.ndjson", large.map((each, i) => lines(each, ordinary[i])).join(""));
  await intake.write("longer.ndjson", lines(...longer));
  const { resources, tables } = await intake.land();
  expect(resources).toMatchObject({ read: 27, mapped: 27 });
  expect(tables).toMatchObject({ person: 1, measurement: 26 });
});
