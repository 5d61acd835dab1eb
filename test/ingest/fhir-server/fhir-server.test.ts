import { randomBytes } from "node:crypto";
import { readdirSync, rmSync } from "node:fs";
import { basename, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { bulkExport } from "../../../src/ingest/bulk-export/bulk-export.ts";
import { type FhirServerOptions, fhirServer } from "../../../src/ingest/fhir-server/fhir-server.ts";
import { forgetLanding } from "../../../src/omop/forget-landing.ts";
import { mapToOmop } from "../../../src/omop/map-to-omop.ts";
import { pipeline } from "../../../src/pipeline/pipeline.ts";
import { openWarehouse, type Warehouse } from "../../../src/warehouse/warehouse.ts";
import { answer, type Behaviour, silence } from "../../clients/http/loopback.ts";
import { runWithSmallFiles } from "../../support/child.ts";
import { failureOf } from "../../support/failure.ts";
import { openFolder } from "../../support/folder.ts";
import { type SearchServerOptions, serveSearch } from "../../support/search-server.ts";
import { condition, patient, type Resource } from "../intake.ts";

/** A resource with the minute in which it was last changed. */
const at = (minute: number, resource: Resource): Resource => ({
  ...resource,
  meta: { lastUpdated: new Date(Date.UTC(2026, 0, 1, 0, minute)).toISOString() },
});

const patients = Array.from({ length: 45 }, (_, i) => at(i, patient(`p${i}`)));

/** Reads a server into a warehouse, with short waits, and gives the warnings. */
async function read(options: FhirServerOptions, warehouse: Warehouse): Promise<string[]> {
  const warnings: string[] = [];
  const backoff = { firstMilliseconds: 1, capMilliseconds: 2000 };
  await pipeline(fhirServer({ pageSize: 10, backoff, ...options })).run(warehouse, {
    onProgress: ({ state, message }) => state === "warning" && warnings.push(message!),
  });
  return warnings;
}

const idsOf = async (warehouse: Warehouse, table: string): Promise<string[]> =>
  (await warehouse.rows<{ id: string }>(`select id from landing.${table} order by id`)).map(({ id }) => id);

const allPatients = patients.map(({ id }) => id).sort();

describe("the pages of a search", () => {
  it.each([
    ["absolute, on another path", undefined],
    ["relative", (path: string) => path],
  ])("are followed when their links are %s", async (_, link) => {
    await using server = await serveSearch({ resources: patients, ...(link && { link }) });
    await using warehouse = await openWarehouse(":memory:");
    expect(await read({ baseUrl: server.url }, warehouse)).toEqual([]);
    expect(await idsOf(warehouse, "patient")).toEqual(allPatients);
  });

  it("are asked for with _count, in the order of _lastUpdated, and since when they are wanted", async () => {
    await using server = await serveSearch({ resources: patients });
    await using warehouse = await openWarehouse(":memory:");
    await read({ baseUrl: server.url, types: ["Patient?gender=female"], since: "2026-01-01T00:40:00Z" }, warehouse);
    const { pathname, searchParams } = new URL(server.received[0]!.url, server.origin);
    expect([pathname, Object.fromEntries(searchParams)]).toEqual([
      "/fhir/Patient",
      { gender: "female", _count: "10", _sort: "_lastUpdated", _lastUpdated: "ge2026-01-01T00:40:00Z" },
    ]);
    expect(await idsOf(warehouse, "patient")).toEqual(["p40", "p41", "p42", "p43", "p44"]);
  });

  it("may come without an order, where a server knows none", async () => {
    await using server = await serveSearch({
      resources: patients,
      mischief: ({ url }) => (url.includes("_sort") ? answer(400, { issue: [{ code: "not-supported" }] }) : undefined),
    });
    await using warehouse = await openWarehouse(":memory:");
    expect(await read({ baseUrl: server.url }, warehouse)).toEqual([]);
    expect(await idsOf(warehouse, "patient")).toEqual(allPatients);
  });

  it("that the server has forgotten are asked for anew from the newest that came", async () => {
    await using server = await serveSearch({
      resources: patients,
      mischief: ({ url }) =>
        url.includes("offset=20") && !url.includes("_lastUpdated=") ? answer(410, "gone") : undefined,
    });
    await using warehouse = await openWarehouse(":memory:");
    expect(await read({ baseUrl: server.url, types: ["Patient"] }, warehouse)).toEqual([]);
    expect(await idsOf(warehouse, "patient")).toEqual(allPatients);
    const begun = server.received.filter(({ url }) => url.startsWith("/fhir/Patient?") && !url.includes("_summary"));
    expect(begun.map(({ url }) => new URL(url, server.origin).searchParams.get("_lastUpdated"))).toEqual([
      null,
      "ge2026-01-01T00:19:00.000Z",
    ]);
  });

  it("that link to what is no URL end the run with a reason", async () => {
    await using server = await serveSearch({ resources: patients, link: () => "http://[next" });
    await using warehouse = await openWarehouse(":memory:");
    const error = await failureOf(read({ baseUrl: server.url, types: ["Patient"] }, warehouse));
    expect(error.code).toBe("RESPONSE_INVALID");
    expect(error.message).toContain("GET /Patient that does not fit its contract: its link to the next page is no URL");
  });

  it.each([1, 3])("that go round end the run (a round of %i)", async (round) => {
    await using server = await serveSearch({
      resources: patients,
      link: (path, origin) => `${origin}${path.replace(`offset=${(round + 1) * 10}`, "offset=10")}`,
    });
    await using warehouse = await openWarehouse(":memory:");
    const error = await failureOf(read({ baseUrl: server.url, types: ["Patient"] }, warehouse));
    expect(error.code).toBe("RESPONSE_INVALID");
    expect(error.message).toMatch(/^The pages that the FHIR server gives to GET \/Patient go round/);
    expect(server.received.length).toBeLessThan(10);
    expect(await read({ baseUrl: server.url, types: ["Patient"], pageSize: 50 }, warehouse)).toEqual([]);
    expect(await idsOf(warehouse, "patient")).toEqual(allPatients);
  });

  it("that the server forgets again and again, with nothing new in between, end the run with a way out", async () => {
    await using server = await serveSearch({
      resources: patients.map((resource) => at(0, resource)),
      mischief: ({ url }) => (url.includes("offset=10") ? answer(410, "gone") : undefined),
    });
    await using warehouse = await openWarehouse(":memory:");
    const error = await failureOf(read({ baseUrl: server.url, types: ["Patient"] }, warehouse));
    expect(error.code).toBe("HTTP_STATUS");
    expect(error.message).toMatch(
      /^The FHIR server forgets the pages of GET \/Patient \(410\) before they are read\. Ask for/,
    );
    expect(server.received.filter(({ url }) => url.startsWith("/fhir/Patient?"))).toHaveLength(4);
  });

  it("are asked for again after 429 with a date in Retry-After, 503 and 500", async () => {
    const date = new Date(Date.now() + 1500).toUTCString();
    const troubles: (Behaviour | undefined)[] = [
      answer(429, "slow down", { "retry-after": date }),
      answer(503, "at lunch", { "retry-after": "0" }),
      answer(500, "oh"),
    ];
    await using server = await serveSearch({
      resources: patients,
      mischief: ({ url }, time) => (url.includes("offset=20") ? troubles[time - 1] : undefined),
    });
    await using warehouse = await openWarehouse(":memory:");
    expect(await read({ baseUrl: server.url }, warehouse)).toEqual([]);
    expect(Date.now()).toBeGreaterThanOrEqual(Date.parse(date));
    expect(await idsOf(warehouse, "patient")).toEqual(allPatients);
  });

  it("are read of several searches at once, but of no more than asked for", async () => {
    const types = ["Patient", "Condition", "Procedure", "Immunization", "Encounter", "Device", "Claim", "Specimen"];
    const resources = types.flatMap((resourceType) =>
      Array.from({ length: 20 }, (_, i) => at(i, { resourceType, id: `${i}` })),
    );
    await using server = await serveSearch({ resources });
    await using warehouse = await openWarehouse(":memory:");
    await read({ baseUrl: server.url, concurrency: 4 }, warehouse);
    expect(Math.max(...server.atOnce)).toBe(4);
  });

  it("are fewer at once while the server refuses them as too many, and more again by themselves when it does not", async () => {
    const resources = Array.from({ length: 100 }, (_, i) => at(i, { resourceType: "Patient", id: `${i}` }));
    const tired = 300;
    let requests = 0;
    await using server = await serveSearch({
      resources,
      mischief: (_request, time, atOnce) => {
        requests += 1;
        const refuse = requests < tired && atOnce > 6 && time < 4;
        return refuse ? answer(requests % 2 ? 429 : 503, "too many at once", { "retry-after": "0" }) : undefined;
      },
    });
    await using warehouse = await openWarehouse(":memory:");
    const types = ["Patient", "Condition", "Procedure", "Immunization", "Encounter", "Device", "Claim", "Specimen"];
    await read({ baseUrl: server.url, concurrency: 16, types, perPatient: "search" }, warehouse);
    expect(await idsOf(warehouse, "patient")).toHaveLength(100);
    expect(Math.max(...server.atOnce.slice(100, tired)), "while it refuses").toBeLessThanOrEqual(7);
    expect(Math.max(...server.atOnce.slice(tired)), "after that").toBe(16);
  });
});

describe("what is new, patient by patient,", () => {
  it.each(["search", "everything"] as const)(
    "is read also of patients who are as they were (%s)",
    async (perPatient) => {
      const ofPatient = (id: string) => ({ subject: { reference: `Patient/${id}` } });
      const resources = [at(1, patient("p1")), at(2, patient("p2")), at(3, condition("c1", ofPatient("p1")))];
      await using server = await serveSearch({
        resources,
        mischief: ({ url }) => {
          const { pathname, searchParams } = new URL(url, "http://base");
          const id =
            /\/Patient\/(.*)\/\$everything/.exec(pathname)?.[1] ??
            /Patient\/(.*)/.exec(searchParams.get("patient") ?? "")?.[1];
          if (id === undefined) return undefined;
          const since = searchParams.get("_since") ?? searchParams.get("_lastUpdated")?.slice(2) ?? "1900-01-01";
          const entry = resources
            .filter(({ subject, meta }) => subject?.reference === `Patient/${id}` && meta.lastUpdated >= since)
            .map((resource) => ({ resource }));
          return answer(200, { resourceType: "Bundle", entry });
        },
      });
      await using warehouse = await openWarehouse(":memory:");
      const types = ["Patient?active=true", "Condition"];
      const options = { baseUrl: server.url, types, perPatient, since: "last" } as const;
      expect(await read(options, warehouse)).toEqual([]);
      resources.push({
        ...condition("c2", ofPatient("p2")),
        meta: { lastUpdated: new Date(Date.now() + 60_000).toISOString() },
      });
      const before = server.received.length;
      expect(await read(options, warehouse)).toEqual([]);
      expect(await idsOf(warehouse, "condition")).toEqual(["c1", "c2"]);
      const again = await warehouse.row(
        "select sum(read) as read from meta.file_records where resource_type = 'Patient'",
      );
      expect(again, "who is as before does not land again").toEqual({ read: 2 });
      expect(server.received.slice(before).map(({ url }) => url)).toContain(
        "/fhir/Patient?active=true&_elements=id&_count=10&_sort=_lastUpdated",
      );
    },
  );
});

describe("a patient who is gone", () => {
  it("when it is asked for everything of each keeps none of the others, and is told", async () => {
    await using server = await serveSearch({
      resources: patients,
      mischief: ({ url }) => {
        const id = /Patient\/(.*)\/\$everything/.exec(url)?.[1];
        if (id === undefined) return undefined;
        const resource = condition(`c-${id}`, { subject: { reference: `Patient/${id}` } });
        return id === "p7" ? answer(410, "deleted") : answer(200, { resourceType: "Bundle", entry: [{ resource }] });
      },
    });
    await using warehouse = await openWarehouse(":memory:");
    expect(await read({ baseUrl: server.url, types: ["Patient"], perPatient: "everything" }, warehouse)).toEqual([
      "1 patients were gone from the server when their records were asked for.",
    ]);
    expect(await idsOf(warehouse, "condition")).toHaveLength(44);
  });
});

describe("an answer that has null in the place of a member", () => {
  it("is read as one without it", async () => {
    await using server = await serveSearch({
      resources: patients.slice(0, 1),
      mischief: ({ url }) => {
        if (url.includes("_summary")) return answer(200, { resourceType: "Bundle", total: 1, link: null, entry: null });
        if (url.startsWith("/fhir/Condition")) return answer(200, { resourceType: "Bundle", link: null, entry: null });
        if (!url.startsWith("/fhir/Patient")) return undefined;
        const entry = [
          { resource: null },
          { resource: patients[0], search: null },
          { resource: patients[1], search: { mode: null } },
        ];
        return answer(200, { resourceType: "Bundle", total: null, link: null, entry });
      },
    });
    await using warehouse = await openWarehouse(":memory:");
    expect(await read({ baseUrl: server.url, types: ["Patient", "Condition"] }, warehouse)).toEqual([
      expect.stringMatching(/^2 Patient were read, but the server counts 1/),
      expect.stringMatching(/^0 Condition were read, but the server counts 1/),
    ]);
    expect(await idsOf(warehouse, "patient")).toEqual(["p0", "p1"]);
  });
});

describe("what is held against the server", () => {
  it("is the number of each type, and a difference is told", async () => {
    await using server = await serveSearch({ resources: patients, total: (_, count) => count + 3 });
    await using warehouse = await openWarehouse(":memory:");
    expect(await read({ baseUrl: server.url }, warehouse)).toEqual([
      "45 Patient were read, but the server counts 48. They may have changed meanwhile, or the server left some out: read them again.",
    ]);
  });

  it.each<[string, Partial<SearchServerOptions>]>([
    ["does not count", { total: () => undefined }],
    [
      "refuses to",
      { mischief: ({ url }) => (url.includes("_summary") ? answer(400, "no such parameter") : undefined) },
    ],
    ["takes too long for it", { mischief: ({ url }) => (url.includes("_summary") ? silence : undefined) }],
  ])("cannot be checked when the server %s, which is told as well", async (_, how) => {
    await using server = await serveSearch({ resources: patients, ...how });
    await using warehouse = await openWarehouse(":memory:");
    expect(await read({ baseUrl: server.url, retries: 1, timeoutMilliseconds: 1000 }, warehouse)).toEqual([
      "The server does not tell how many Patient it has, so that cannot be checked.",
    ]);
    expect(await idsOf(warehouse, "patient")).toEqual(allPatients);
  });
});

describe("what the server reports", () => {
  it("of its answers is told where it is an error, without its words", async () => {
    const issue = [
      { severity: "error", code: "incomplete", diagnostics: "the record of Ms Secret" },
      { severity: "warning", code: "not-supported", diagnostics: "_sort" },
    ];
    const entry = [
      { resource: patients[0]!, search: { mode: "match" } },
      { resource: { resourceType: "OperationOutcome", issue }, search: { mode: "outcome" } },
    ];
    await using server = await serveSearch({
      resources: patients.slice(0, 1),
      mischief: ({ url }) => (url.includes("_summary") ? undefined : answer(200, { resourceType: "Bundle", entry })),
    });
    await using warehouse = await openWarehouse(":memory:");
    expect(await read({ baseUrl: server.url, types: ["Patient"] }, warehouse)).toEqual([
      "The server reports 1 problems of its answers: 1 error (incomplete).",
    ]);
  });
});

describe("what others refer to", () => {
  const medication = (id: string): Resource => ({ resourceType: "Medication", id, code: { text: id } });
  const request = (id: string, to: string): Resource => ({
    resourceType: "MedicationRequest",
    id,
    subject: { reference: "Patient/p1" },
    medicationReference: { reference: to },
  });

  it("is read once each, from this server alone, and what is missing is told", async () => {
    const resources = [
      ...patients,
      ...["m1", "m2"].map(medication),
      ...Array.from({ length: 30 }, (_, i) =>
        at(i, request(`r${i}`, ["Medication/m1", "Medication/m2/_history/1"][i % 2]!)),
      ),
      request("lost", "Medication/m9"),
      request("elsewhere", "https://other.example/fhir/Medication/m3"),
    ];
    await using server = await serveSearch({ resources });
    await using warehouse = await openWarehouse(":memory:");
    const warnings = await read({ baseUrl: server.url, types: ["Patient", "MedicationRequest"] }, warehouse);
    expect(warnings).toEqual(["1 Medication that others refer to could not be had from the server."]);
    expect(await idsOf(warehouse, "medication")).toEqual(["m1", "m2"]);
    const readings = server.received.filter(({ url }) => url.startsWith("/fhir/Medication/")).map(({ url }) => url);
    expect(readings.sort()).toEqual(["/fhir/Medication/m1", "/fhir/Medication/m2", "/fhir/Medication/m9"]);
  });

  it("may be given along by _include, and is not read again", async () => {
    await using server = await serveSearch({
      resources: [request("r1", "Medication/m1"), medication("m1")],
      included: (found) => found.map(() => medication("m1")),
    });
    await using warehouse = await openWarehouse(":memory:");
    const include = ["MedicationRequest:medication"];
    expect(await read({ baseUrl: server.url, types: ["MedicationRequest"], include }, warehouse)).toEqual([]);
    expect(server.received[0]!.url).toContain("_include=MedicationRequest%3Amedication");
    expect(await idsOf(warehouse, "medication")).toEqual(["m1"]);
    expect(server.received.some(({ url }) => url.startsWith("/fhir/Medication/"))).toBe(false);
  });

  it("as the content of a document is put into its place", async () => {
    const document = (id: string, url: string): Resource => ({
      resourceType: "DocumentReference",
      id,
      status: "current",
      subject: { reference: "Patient/p1" },
      content: [{ attachment: { contentType: "text/plain", url } }],
    });
    const text = Buffer.from("Grüße").toString("base64");
    await using server = await serveSearch({
      resources: [
        document("d1", "Binary/b1"),
        document("d2", "Binary/b1"),
        document("d3", "Binary/b9"),
        { resourceType: "Binary", id: "b1", contentType: "text/plain", data: text },
      ],
    });
    await using warehouse = await openWarehouse(":memory:");
    const warnings = await read({ baseUrl: server.url, types: ["DocumentReference"] }, warehouse);
    expect(warnings).toEqual(["1 Binary that documents refer to could not be had."]);
    expect(
      await warehouse.rows("select id, content[1].attachment.data as data from landing.document_reference order by id"),
    ).toEqual([
      { id: "d1", data: text },
      { id: "d2", data: text },
      { id: "d3", data: null },
    ]);
    expect(server.received.filter(({ url }) => url === "/fhir/Binary/b1")).toHaveLength(1);
  });
});

describe("a run that failed", () => {
  it("is gone on with where it was, and the next one begins anew, since the last", async () => {
    let broken = true;
    const resources = [...patients, ...patients.map(({ id, meta }) => ({ ...condition(`c${id}`), meta }))];
    await using server = await serveSearch({
      resources,
      mischief: ({ url }) =>
        broken && url.startsWith("/pages/Condition") && url.includes("offset=20") ? answer(403, "no") : undefined,
    });
    await using folder = await openFolder();
    const file = folder.file("warehouse.duckdb");
    const options = { baseUrl: server.url, since: "last", concurrency: 1 } as const;
    {
      await using warehouse = await openWarehouse(file);
      const error = await failureOf(read(options, warehouse));
      expect(error.code).toBe("HTTP_STATUS");
      expect(error.message).toMatch(/^The FHIR server answered 403 to GET \/Condition/);
    }
    broken = false;
    const before = server.received.length;
    await using warehouse = await openWarehouse(file);
    expect(await read(options, warehouse)).toEqual([]);
    expect(await idsOf(warehouse, "condition")).toHaveLength(45);
    const first = server.received.slice(before).filter(({ url }) => !url.includes("metadata"))[0]!;
    expect(first.url, "not from the beginning").toMatch(/^\/pages\/Condition\?.*offset=20/);

    const third = server.received.length;
    await read(options, warehouse);
    const since = server.received.slice(third).find(({ url }) => url.startsWith("/fhir/Patient?"))!;
    expect(new URL(since.url, server.origin).searchParams.get("_lastUpdated")).toMatch(/^ge20\d\d-\d\d-\d\dT.*Z$/);
  });

  it("because a page did not fit on the disk does not land what fitted", async () => {
    const resources = patients.map((each) => ({ ...each, language: randomBytes(300_000).toString("hex") }));
    await using server = await serveSearch({ resources });
    await using folder = await openFolder();
    const file = folder.file("warehouse.duckdb");
    const { code, stderr } = await runWithSmallFiles(8192, "run-download.ts", file, "fhirServer", server.url);
    expect({ code, stderr }).toEqual({ code: 1, stderr: expect.stringContaining("EFBIG") });
  });

  it("that took the server long lets the next one ask for what changed meanwhile", async () => {
    const resources = [...patients];
    await using server = await serveSearch({
      resources,
      // It is not for a difference that they are asked for.
      total: (_, count) => Math.min(count, 45),
      mischief: ({ url }, time) =>
        time === 1 && url === "/fhir/Patient?_count=10&_sort=_lastUpdated"
          ? async (response) => {
              const entry = patients.map((resource) => ({ resource }));
              await sleep(1100);
              resources.push({ ...patient("new"), meta: { lastUpdated: new Date().toISOString() } });
              await sleep(1100);
              answer(200, { resourceType: "Bundle", entry })(response, server.received[0]!);
            }
          : undefined,
    });
    await using warehouse = await openWarehouse(":memory:");
    const options = { baseUrl: server.url, types: ["Patient"], since: "last" } as const;
    expect(await read(options, warehouse)).toEqual([]);
    expect(await read(options, warehouse)).toEqual([]);
    expect(server.received.at(-1)!.url).toContain("_lastUpdated=ge");
    expect(await idsOf(warehouse, "patient")).toContain("new");
  });

  it("to read what moved between pages has the next one since the last read it", async () => {
    const resources = [...patients];
    await using server = await serveSearch({
      resources,
      mischief: ({ url }, time) => {
        // The first of those that were read becomes the last, and those after it come one place before.
        if (time === 1 && url.startsWith("/pages/Patient") && url.includes("offset=10")) {
          resources.push(at(60, resources.shift()));
        }
        return undefined;
      },
    });
    await using warehouse = await openWarehouse(":memory:");
    const options = { baseUrl: server.url, types: ["Patient"], since: "last" } as const;
    expect(await read(options, warehouse)).toEqual([
      expect.stringMatching(/^44 Patient were read, but the server counts 45/),
      "The next run with since last reads from the same moment as this one, for what may be missing.",
    ]);
    expect(await idsOf(warehouse, "patient")).not.toContain("p10");
    expect(await read(options, warehouse)).toEqual([]);
    expect(await idsOf(warehouse, "patient")).toEqual(allPatients);
  });

  it("to read as many as the server counts, again and again, is no reason to read everything every night", async () => {
    await using server = await serveSearch({ resources: patients, total: (_, count) => count + 1 });
    await using warehouse = await openWarehouse(":memory:");
    const options = { baseUrl: server.url, types: ["Patient"], since: "last" } as const;
    const first: string[] = [];
    for (let night = 1; night <= 3; night++) {
      const before = server.received.length;
      await read(options, warehouse);
      first.push(server.received.slice(before)[0]!.url);
    }
    expect(first).toEqual([
      expect.not.stringContaining("_lastUpdated=ge"),
      expect.not.stringContaining("_lastUpdated=ge"),
      expect.stringContaining("_lastUpdated=ge"),
    ]);
  });

  it("because it was killed while it removed the pages has the next one remove them", async () => {
    await using server = await serveSearch({ resources: patients });
    await using folder = await openFolder();
    await using warehouse = await openWarehouse(":memory:");
    const pages = folder.file("pages");
    await read({ baseUrl: server.url, folder: pages }, warehouse);
    const landed = await warehouse.row<{ folder: string }>("select folder from meta.download");
    await folder.write(join("pages", basename(landed!.folder), "Patient.ndjson.gz"), "what was not removed");
    await warehouse.run("update meta.download set ended_at = null");
    await read({ baseUrl: server.url, folder: pages }, warehouse);
    expect(await folder.list()).toEqual([]);
  });

  it("says so when its pages are gone, and begins anew when their folder is", async () => {
    let broken = true;
    await using server = await serveSearch({
      resources: [...patients, condition("c1")],
      mischief: ({ url }) => (broken && url.startsWith("/fhir/Condition") ? answer(403, "no") : undefined),
    });
    await using folder = await openFolder();
    const pages = folder.file("pages");
    await using warehouse = await openWarehouse(":memory:");
    const options = { baseUrl: server.url, folder: pages };
    await failureOf(read(options, warehouse));
    broken = false;
    const [download] = readdirSync(pages);
    rmSync(join(pages, download!, "Patient.ndjson.gz"));
    expect((await failureOf(read(options, warehouse))).message).toMatch(/are missing\. Remove that folder/);
    rmSync(join(pages, download!), { recursive: true });
    expect(await read(options, warehouse)).toEqual([]);
    expect(await idsOf(warehouse, "patient")).toEqual(allPatients);
  });

  it("because the server has nothing of what was asked for says so, and the next one asks again", async () => {
    const resources = [...patients];
    await using server = await serveSearch({ resources });
    await using folder = await openFolder();
    await using warehouse = await openWarehouse(":memory:");
    const options = { baseUrl: server.url, types: ["Condition"], since: "last", folder: folder.file("pages") };
    const error = await failureOf(read(options, warehouse));
    expect(error).toMatchObject({ code: "INPUT_NOT_FHIR" });
    resources.push(condition("c1"));
    expect(await read(options, warehouse)).toEqual([]);
    expect(await idsOf(warehouse, "condition")).toEqual(["c1"]);
  });

  it.each(["yesterday", "2026-13-01T00:00:00Z", "2026-01-01T00:00"])("because nobody knows when %s was", (since) => {
    expect(() => fhirServer({ baseUrl: "https://hospital.example/fhir", since })).toThrow(
      expect.objectContaining({ code: "USAGE" }),
    );
    expect(() => bulkExport({ baseUrl: "https://hospital.example/fhir", level: "system", since })).toThrow(
      expect.objectContaining({ code: "USAGE" }),
    );
  });

  it("because the records of the last one were not kept has asked the server for nothing", async () => {
    await using server = await serveSearch({ resources: patients });
    await using warehouse = await openWarehouse(":memory:");
    const stages = [fhirServer({ baseUrl: server.url }), mapToOmop({ noVocabulary: true }), forgetLanding()] as const;
    await pipeline(...stages).run(warehouse);
    const before = server.received.length;
    const error = await failureOf(pipeline(...stages).run(warehouse));
    expect(error.code).toBe("USAGE");
    expect(error.message).toMatch(/^The warehouse has not kept the records that it was given by a server/);
    expect(server.received.slice(before).filter(({ url }) => !url.includes("metadata"))).toEqual([]);
  });

  it("because of a search that is none is refused before anything is asked", async () => {
    await using server = await serveSearch({ resources: patients });
    await using warehouse = await openWarehouse(":memory:");
    const error = await failureOf(read({ baseUrl: server.url, types: ["../admin"] }, warehouse));
    expect(error).toMatchObject({ code: "USAGE" });
    expect(server.received).toEqual([]);
  });
});

describe("the token", () => {
  it("goes to the server alone, also when a page lies elsewhere", async () => {
    await using elsewhere = await serveSearch({ resources: patients });
    await using server = await serveSearch({ resources: patients, link: (path) => `${elsewhere.origin}${path}` });
    await using warehouse = await openWarehouse(":memory:");
    await read({ baseUrl: server.url, token: "secret" }, warehouse);
    expect(new Set(server.received.map(({ headers }) => headers.authorization))).toEqual(new Set(["Bearer secret"]));
    expect(elsewhere.received.length).toBeGreaterThan(0);
    expect(elsewhere.received.every(({ headers }) => headers.authorization === undefined)).toBe(true);
  });
});
