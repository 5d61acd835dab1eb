import { basename, dirname } from "node:path";
import { describe, expect, test } from "vitest";
import { condition, type Intake, lines, openIntake, patient, type Resource, weight } from "./intake.ts";

const uuid = "3f2b8c9e-5a51-4d3a-9f0e-2f6f5f3c7a10";
const bundleOf = (...entry: readonly { fullUrl?: string; resource?: Resource }[]) =>
  JSON.stringify({ resourceType: "Bundle", type: "collection", entry });
const without = (resource: Resource, member: string): Resource => {
  const { [member]: _, ...rest } = resource;
  return rest;
};

/** The source ids of persons, and of the persons that conditions belong to. */
async function owners({ warehouse }: Intake): Promise<string[]> {
  const rows = await warehouse.rows<{ owner: string }>(
    `select person_source_value as owner from cdm.condition_occurrence join cdm.person using (person_id) order by all`,
  );
  return rows.map(({ owner }) => owner);
}

describe("a resource without id", () => {
  test("in NDJSON gets one made of its content: the same in every file and at every time", async () => {
    await using intake = await openIntake();
    const nameless = without(condition("c"), "id");
    await intake.write("Condition.ndjson", lines(patient("p"), nameless));
    await intake.ingest();
    const first = await intake.ids("condition");
    expect(first).toEqual([expect.stringMatching(/^[0-9a-f]{32}$/)]);

    await intake.write(
      "Condition.ndjson",
      `${lines(patient("p"))}  ${JSON.stringify(nameless, null, 1).replaceAll("\n", " ")}`,
    );
    await intake.write("again.ndjson", lines(nameless));
    const fates = await intake.ingest();
    expect(await intake.ids("condition")).toEqual(first);
    expect(fates.by_type.Condition).toMatchObject({ read: 2, landed: 1, superseded: 1 });
  });

  test("keeps it when a neighbour is broken", async () => {
    await using intake = await openIntake();
    const spaced = JSON.stringify(without(condition("c"), "id"), null, 1).replaceAll("\n", " ");
    await intake.write("Condition.ndjson", `${spaced}\n`);
    await intake.ingest();
    const whole = await intake.ids("condition");
    await intake.write("Condition.ndjson", `${spaced}\n{"broken\n`);
    await intake.ingest();
    expect(await intake.ids("condition")).toEqual(whole);
  });

  test("two of different content are two", async () => {
    await using intake = await openIntake();
    const nameless = [condition("c"), condition("d", { onsetDateTime: "2020" })].map((each) => without(each, "id"));
    await intake.write("Condition.ndjson", lines(patient("p"), ...nameless));
    expect((await intake.land()).tables).toMatchObject({ condition_occurrence: 2 });
  });

  test("an empty id is none", async () => {
    await using intake = await openIntake();
    await intake.write("c.ndjson", lines(patient("p"), condition(""), condition("", { onsetDateTime: "2020" })));
    const fates = await intake.ingest();
    expect(fates.by_type.Condition).toMatchObject({ read: 2, landed: 2, superseded: 0 });
  });

  test.each([
    ["urn:uuid", `urn:uuid:${uuid}`, uuid],
    ["URL", `http://server.example/fhir/Patient/${uuid}`, uuid],
  ])("in a Bundle has the one of its fullUrl, a %s", async (_, fullUrl, id) => {
    await using intake = await openIntake();
    const mine = condition("c", { subject: { reference: fullUrl } });
    await intake.write("b.json", bundleOf({ fullUrl, resource: without(patient(""), "id") }, { resource: mine }));
    const fates = await intake.ingest();
    expect(await intake.ids("patient")).toEqual([id]);
    expect(fates).toMatchObject({ read: 2, landed: 2 });
  });
});

describe("patients by identifier", () => {
  const mrn = (value: string, system: string | undefined = "http://hospital.example/mrn") => ({ system, value });
  const named = (id: string, subject: object) => condition(id, { subject });
  const rules = { patientsByIdentifier: true };

  test.each<[string, object]>([
    ["a search", { reference: "Patient?identifier=http://hospital.example/mrn|7" }],
    ["an encoded search", { reference: "Patient?identifier=http%3A%2F%2Fhospital.example%2Fmrn%7C7" }],
    ["a search on a server", { reference: "https://server.example/fhir/Patient?identifier=7" }],
    ["an identifier", { identifier: mrn("7") }],
    ["an identifier without system", { type: "Patient", identifier: { value: "7" } }],
  ])("%s names the one who has it", async (_, subject) => {
    await using intake = await openIntake();
    const others = [patient("q", { identifier: [mrn("8"), mrn("7", "http://elsewhere.example")].slice(0, 1) })];
    await intake.write(
      "Condition.ndjson",
      lines(named("c", subject), named("d", { reference: "Patient/q" }), named("e", { display: "somebody" })),
    );
    await intake.write("Patient.ndjson", lines(patient("p", { identifier: [mrn("7")] }), ...others));
    const { dropped } = await intake.land(undefined, rules);
    expect(await owners(intake)).toEqual(["p", "q"]);
    expect(dropped).toEqual([{ resource_type: "Condition", reason: "NO_SUBJECT", count: 1 }]);
  });

  test.each<[string, object]>([
    ["of another type", { type: "Group", identifier: mrn("7") }],
    ["of another system", { identifier: mrn("7", "http://elsewhere.example") }],
    ["that several have", { identifier: mrn("8") }],
    ["that is empty", { identifier: mrn("") }],
  ])("an identifier %s names nobody", async (_, subject) => {
    await using intake = await openIntake();
    const twins = ["q", "r"].map((id) => patient(id, { identifier: [mrn("8")] }));
    await intake.write("all.ndjson", lines(named("c", subject), patient("p", { identifier: [mrn("7")] }), ...twins));
    await intake.land(undefined, rules);
    expect(await owners(intake)).toEqual([]);
  });

  test("they are not looked for where nobody asks for it, nor are identifiers kept", async () => {
    await using intake = await openIntake();
    const file = await intake.write(
      "all.ndjson",
      lines(named("c", { identifier: mrn("7") }), patient("p", { identifier: [mrn("7")] })),
    );
    await intake.land(file);
    expect(await owners(intake)).toEqual([]);
    expect(await intake.warehouse.rows("from meta.patient_identifier")).toEqual([]);
    await intake.land(file, rules);
    expect(await owners(intake)).toEqual(["p"]);
    expect(JSON.stringify(await intake.warehouse.rows("from meta.patient_identifier"))).not.toContain("hospital");
  });
});

describe("references", () => {
  test.each([
    ["Type/id", "Patient/p"],
    ["an absolute URL", "https://server.example/fhir/Patient/p"],
    ["a version", "Patient/p/_history/7"],
    ["an absolute URL of a version", "https://server.example/fhir/Patient/p/_history/7"],
    ["urn:uuid", "urn:uuid:p"],
  ])("by %s, in NDJSON", async (_, reference) => {
    await using intake = await openIntake();
    await intake.write("all.ndjson", lines(condition("c", { subject: { reference } }), patient("p"), patient("q")));
    await intake.land();
    expect(await owners(intake)).toEqual(["p"]);
  });

  test.each([
    ["urn:uuid", `urn:uuid:${uuid}`],
    ["urn:oid", "urn:oid:1.2.36.146.595.217.0.1"],
    ["a URL that ends in something else", "http://server.example/people/seven"],
  ])("to a fullUrl that does not end in the resource's id, a %s", async (_, fullUrl) => {
    await using intake = await openIntake();
    const mine = condition("c", { subject: { reference: fullUrl } });
    const other = condition("d", { subject: { reference: "Patient/q" } });
    await intake.write(
      "b.json",
      bundleOf(
        { resource: mine },
        { fullUrl, resource: patient("p") },
        { resource: patient("q") },
        { resource: other },
      ),
    );
    await intake.land();
    expect(await owners(intake)).toEqual(["p", "q"]);
  });

  test("the same fullUrl in two Bundles means two resources", async () => {
    await using intake = await openIntake();
    const fullUrl = `urn:uuid:${uuid}`;
    for (const id of ["p", "q"]) {
      const mine = condition(`c-${id}`, { subject: { reference: fullUrl } });
      await intake.write(`${id}.json`, bundleOf({ fullUrl, resource: patient(id) }, { resource: mine }));
    }
    await intake.land();
    expect(await owners(intake)).toEqual(["p", "q"]);
  });

  test("a Bundle refers to what another file holds", async () => {
    await using intake = await openIntake();
    await intake.write("patients.json", bundleOf({ resource: patient("p") }));
    await intake.write("conditions.json", bundleOf({ resource: condition("c") }));
    await intake.land();
    expect(await owners(intake)).toEqual(["p"]);
  });

  test("what comes in a later run is found", async () => {
    await using intake = await openIntake();
    const conditions = await intake.write("a.ndjson", lines(condition("c")));
    expect((await intake.land(conditions)).dropped).toEqual([
      { resource_type: "Condition", reason: "NO_PERSON", count: 1 },
    ]);
    await intake.land(await intake.write("b.ndjson", lines(patient("p"))));
    expect(await owners(intake)).toEqual(["p"]);
  });

  test("sources do not meet", async () => {
    await using intake = await openIntake();
    const people = await intake.write("a.ndjson", lines(patient("p")));
    const conditions = await intake.write("b.ndjson", lines(condition("c")));
    await intake.land(people, { source: "one" });
    expect((await intake.land(conditions, { source: "two" })).resources).toMatchObject({ read: 1, dropped: 1 });
  });

  test("the source of each file can be told from its path: records of one id in two hospitals are two", async () => {
    await using intake = await openIntake();
    await intake.write("north/people.ndjson", lines(patient("p"), condition("c")));
    await intake.write("south/people.json", bundleOf({ resource: patient("p", { birthDate: "1960-01-01" }) }));
    const source = (path: string) => basename(dirname(path));
    const bySource =
      "select source, count(*) as records from mapping.lineage where cdm_table in ('person', 'condition_occurrence') group by all order by all";
    for (const unchanged of [0, 2]) {
      const { run_id } = await intake.land(intake.folder, { source });
      expect(await intake.warehouse.rows(bySource)).toEqual([
        { source: "north", records: 2 },
        { source: "south", records: 1 },
      ]);
      const counted = "select count from meta.run_count where run_id = $1 and counted = 'unchanged'";
      expect(await intake.warehouse.row(counted, [run_id])).toEqual({ count: unchanged });
    }
  });
});

describe("the same resource again", () => {
  const born = (birthDate: string, meta?: object) => patient("p", { birthDate, ...(meta && { meta }) });
  const yearsOfBirth = async ({ warehouse }: Intake) => {
    const rows = await warehouse.rows<{ year: string }>(`select "birthDate" as year from landing.patient`);
    return rows.map(({ year }) => year);
  };
  const versions: [string, Resource, Resource][] = [
    [
      "lastUpdated",
      born("1951", { lastUpdated: "2020-01-01T00:00:00Z" }),
      born("1952", { lastUpdated: "2021-01-01T00:00:00Z" }),
    ],
    [
      "lastUpdated across time zones",
      born("1951", { lastUpdated: "2020-01-01T09:00:00+10:00" }),
      born("1952", { lastUpdated: "2020-01-01T00:00:00Z" }),
    ],
    ["versionId", born("1951", { versionId: "9" }), born("1952", { versionId: "10" })],
    [
      "versionId, where lastUpdated is the same",
      born("1951", { versionId: "1", lastUpdated: "2020-01-01T00:00:00Z" }),
      born("1952", { versionId: "2", lastUpdated: "2020-01-01T00:00:00Z" }),
    ],
    ["any meta at all", born("1951"), born("1952", { lastUpdated: "2020-01-01T00:00:00Z" })],
  ];
  test.each(versions)("the newer %s wins, whatever the order", async (_, older, newer) => {
    for (const order of [
      [older, newer],
      [newer, older],
    ]) {
      await using intake = await openIntake();
      await intake.write("a.ndjson", lines(order[0]));
      await intake.write("b.ndjson", lines(order[1]));
      const fates = await intake.ingest();
      expect(fates).toMatchObject({ read: 2, landed: 1, superseded: 1 });
      expect(await yearsOfBirth(intake)).toEqual(["1952"]);
    }
  });

  test("within one file, a Bundle, and over both", async () => {
    await using intake = await openIntake();
    const [older, newer] = versions[0]!.slice(1) as [Resource, Resource];
    await intake.write("a.ndjson", lines(newer, older));
    await intake.write("b.json", bundleOf({ resource: older }, { resource: newer }));
    const fates = await intake.ingest();
    expect(fates).toMatchObject({ read: 4, landed: 1, superseded: 3 });
    expect(await yearsOfBirth(intake)).toEqual(["1952"]);
  });

  test("an older version that comes in a later run changes nothing", async () => {
    await using intake = await openIntake();
    const [older, newer] = versions[0]!.slice(1) as [Resource, Resource];
    await intake.ingest(await intake.write("a.ndjson", lines(newer)));
    const fates = await intake.ingest(await intake.write("b.ndjson", lines(older)));
    expect(fates).toMatchObject({ read: 1, landed: 0, superseded: 1 });
    expect(await yearsOfBirth(intake)).toEqual(["1952"]);
  });

  test.each([
    ["in a document", "night.json", ""],
    ["in NDJSON", "night.ndjson", ""],
    ["beside what is no resource", "night.ndjson", '{"no": "resource"}\n'],
  ])("a Bundle that deletes without saying when does so at its own time (%s)", async (_, name, more) => {
    await using intake = await openIntake();
    const changed = (day: number) => ({ meta: { lastUpdated: `2020-01-0${day}T00:00:00Z` } });
    await intake.ingest(
      await intake.write("all.ndjson", lines(condition("old", changed(1)), condition("new", changed(3)))),
    );
    const entry = ["old", "new"].map((id) => ({ request: { method: "DELETE", url: `Condition/${id}` } }));
    const deletions = { resourceType: "Bundle", type: "transaction", timestamp: "2020-01-02T00:00:00Z", entry };
    await intake.ingest(await intake.write(name, `${JSON.stringify(deletions)}\n${more}`));
    expect(await intake.ids("condition")).toEqual(["new"]);
  });

  test("one id in two types is two resources", async () => {
    await using intake = await openIntake();
    await intake.write("a.ndjson", lines(patient("p"), condition("p"), weight("p")));
    expect(await intake.ingest()).toMatchObject({ read: 3, landed: 3, superseded: 0 });
  });

  test("two resources of one content are two", async () => {
    await using intake = await openIntake();
    await intake.write("a.ndjson", lines(patient("p"), weight("a"), weight("b")));
    expect((await intake.land()).tables).toMatchObject({ measurement: 2 });
  });
});

describe("landing again", () => {
  const everything = async ({ warehouse }: Intake) => ({
    measurements: await warehouse.rows("from cdm.measurement order by all"),
    persons: await warehouse.rows("from cdm.person order by all"),
    lineage: await warehouse.rows("from mapping.lineage order by all"),
    books: await warehouse.rows("from meta.file_records order by all"),
    quarantine: await warehouse.rows("select * exclude (run_id) from meta.quarantine order by all"),
  });

  test("the same files changes nothing", async () => {
    await using intake = await openIntake();
    await intake.write("a.ndjson", lines(patient("p"), weight("a"), weight("b"), weight("a")));
    await intake.write("b.ndjson", `${lines(weight("b", { meta: { versionId: "2" } }))}{"broken\n`);
    const first = await intake.land();
    const before = await everything(intake);
    const second = await intake.land();
    expect(await everything(intake)).toEqual(before);
    expect(second.resources).toEqual(first.resources);
    expect(second.resources).toMatchObject({ read: 6, mapped: 3, superseded: 2, quarantined: 1 });
  });

  test("a file that has changed: its old content goes", async () => {
    await using intake = await openIntake();
    await intake.write("a.ndjson", lines(patient("p"), weight("a"), weight("b")));
    await intake.land();
    await intake.write("a.ndjson", lines(patient("p"), weight("c")));
    const { resources, tables } = await intake.land();
    expect(resources).toMatchObject({ read: 2, mapped: 2 });
    expect(tables).toMatchObject({ measurement: 1 });
    expect(await intake.ids("observation")).toEqual(["c"]);
  });

  test("one file of several: the others stay", async () => {
    await using intake = await openIntake();
    await intake.write("a.ndjson", lines(patient("p"), weight("a")));
    const b = await intake.write("b.ndjson", lines(weight("b")));
    await intake.land();
    const { resources, tables } = await intake.land(b);
    expect(resources).toMatchObject({ read: 1, mapped: 1 });
    expect(tables).toMatchObject({ person: 1, measurement: 2 });
  });

  test("a run that fails leaves everything as it was", async () => {
    await using intake = await openIntake();
    await intake.write("a.ndjson", lines(patient("p"), weight("a")));
    await intake.land();
    const before = await everything(intake);
    await intake.write("a.ndjson", "nothing of use");
    await expect(intake.land()).rejects.toMatchObject({ code: "INPUT_NOT_FHIR" });
    expect(await everything(intake)).toEqual(before);
  });
});

describe("records that are only counted", () => {
  test("types that are not mapped, known or not", async () => {
    await using intake = await openIntake();
    await intake.write(
      "all.ndjson",
      lines(
        patient("p"),
        { resourceType: "Basic", id: "b" },
        { resourceType: "Dragon", id: "d" },
        { resourceType: "Basic" },
      ),
    );
    const fates = await intake.ingest();
    expect(fates).toMatchObject({ read: 4, landed: 1, ignored: 3 });
    expect(fates.by_type).toMatchObject({ Basic: { read: 2, ignored: 2 }, Dragon: { read: 1, ignored: 1 } });
  });

  test("a file of a type that is not mapped", async () => {
    await using intake = await openIntake();
    await intake.write("Basic.ndjson", lines({ resourceType: "Basic", id: "b" }));
    expect(await intake.ingest()).toMatchObject({ read: 1, ignored: 1 });
  });

  test("a Medication is used through others only", async () => {
    await using intake = await openIntake();
    await intake.write("all.ndjson", lines(patient("p"), { resourceType: "Medication", id: "m", code: { text: "x" } }));
    expect((await intake.land()).resources).toMatchObject({ read: 2, mapped: 1, reference: 1 });
  });

  test("entries without resource, and entries that hold no resource", async () => {
    await using intake = await openIntake();
    const entry = [
      { resource: patient("p") },
      { fullUrl: "urn:uuid:gone", request: { method: "DELETE", url: "Patient/q" } },
      { resource: { id: "no type" } },
      { resource: "text" },
      { resource: null },
      "text",
      null,
    ];
    await intake.write("b.json", JSON.stringify({ resourceType: "Bundle", type: "transaction", entry }));
    const fates = await intake.ingest();
    expect(fates).toMatchObject({ read: 7, landed: 1 });
    expect(fates.ignored + fates.quarantined).toBe(6);
    expect(await intake.quarantine()).not.toEqual([]);
  });
});
