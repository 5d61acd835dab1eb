import { expect, test } from "vitest";
import { openIntake } from "../ingest/intake.ts";

const pacemaker = { resourceType: "Device", id: "e", type: { text: "Pacemaker" }, manufactureDate: "2018-05-06" };
const use = {
  resourceType: "DeviceUseStatement",
  id: "u",
  status: "active",
  subject: { reference: "Patient/p" },
  device: { reference: "Device/e" },
  timingDateTime: "2019-03-01",
};

test("a Device whose use is a record of its own is counted as reference, neither mapped nor dropped", async () => {
  await using intake = await openIntake();
  const patient = { resourceType: "Patient", id: "p", birthDate: "1950-06-01" };
  await intake.write("all.ndjson", [patient, pacemaker, use].map((resource) => JSON.stringify(resource)).join("\n"));

  const { resources, dropped } = await intake.land();

  expect(resources.by_type.Device).toMatchObject({ read: 1, mapped: 0, reference: 1, dropped: 0 });
  expect(resources.by_type.DeviceUseStatement).toMatchObject({ read: 1, mapped: 1 });
  expect(dropped).toEqual([]);
});

test("a Questionnaire is counted as reference", async () => {
  await using intake = await openIntake();
  await intake.write("all.ndjson", JSON.stringify({ resourceType: "Questionnaire", id: "n", status: "active" }));

  const { resources } = await intake.land();

  expect(resources.by_type.Questionnaire).toMatchObject({ read: 1, reference: 1 });
});

test("a Medication and a Device that come later are found by the next mapping", async () => {
  await using intake = await openIntake();
  const write = (name: string, ...resources: object[]) =>
    intake.write(name, resources.map((resource) => JSON.stringify(resource)).join("\n"));
  const subject = { reference: "Patient/p" };
  const drug = { medicationReference: { reference: "Medication/d" }, authoredOn: "2019-03-01" };
  await write(
    "before.ndjson",
    { resourceType: "Patient", id: "p", birthDate: "1950-06-01" },
    { resourceType: "MedicationRequest", id: "m", status: "active", intent: "order", subject, ...drug },
    use,
  );
  expect((await intake.land()).resources).toMatchObject({ mapped: 1, dropped: 2 });

  await write("later.ndjson", { resourceType: "Medication", id: "d", code: { text: "Aspirin" } }, pacemaker);

  expect((await intake.land()).resources).toMatchObject({ mapped: 3, dropped: 0 });
});
