import { expect, it } from "vitest";
import { lines, openIntake, patient, type Resource } from "../ingest/intake.ts";
import { booksOf, differences } from "./books.ts";

const ofPatient = { subject: { reference: "Patient/p" } };
const kinds: readonly Resource[] = [
  {
    resourceType: "Encounter",
    id: "v",
    status: "finished",
    class: { code: "AMB" },
    period: { start: "2019-05-01", end: "2019-05-01" },
    serviceProvider: { reference: "Organization/o" },
    participant: [{ individual: { reference: "Practitioner/d" } }],
    ...ofPatient,
  },
  { resourceType: "Organization", id: "o", name: "Clinic", address: [{ city: "Basel" }] },
  { resourceType: "Practitioner", id: "d", gender: "female" },
  {
    resourceType: "DocumentReference",
    id: "n",
    status: "current",
    date: "2019-05-01T10:00:00Z",
    content: [{ attachment: { contentType: "text/plain", data: Buffer.from("A cough.").toString("base64") } }],
    ...ofPatient,
  },
  {
    resourceType: "Coverage",
    id: "c",
    status: "active",
    beneficiary: ofPatient.subject,
    period: { start: "2019-01-01", end: "2019-12-31" },
    payor: [{ display: "Payer" }],
  },
];

it("kinds of rows that a warehouse had none of may come, and go again, from one mapping to the next", async () => {
  await using intake = await openIntake();
  const file = await intake.write("kinds.ndjson", lines(patient("q")));
  for (const resources of [[], kinds, []]) {
    await intake.write("kinds.ndjson", lines(patient("q"), patient("p"), ...resources));
    const { tables } = await intake.land(file);
    await using fresh = await openIntake();
    await fresh.write("kinds.ndjson", lines(patient("q"), patient("p"), ...resources));
    expect((await fresh.land()).tables).toEqual(tables);
    expect(differences(await booksOf(intake.warehouse), await booksOf(fresh.warehouse))).toEqual([]);
    const of = (table: string) => tables[table] ?? 0;
    const wanted = resources.length > 0 ? 1 : 0;
    for (const table of ["visit_occurrence", "care_site", "provider", "location", "note", "payer_plan_period"]) {
      expect([table, of(table)]).toEqual([table, wanted]);
    }
  }
});
