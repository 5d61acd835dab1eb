import { generateKeyPairSync } from "node:crypto";
import { rmSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { smartBackendToken } from "../../../src/clients/fhir/smart-backend.ts";
import { publicJwks } from "../../../src/clients/fhir/smart-key.ts";
import { tokenSource } from "../../../src/clients/http/token.ts";
import { bulkExport } from "../../../src/ingest/bulk-export/bulk-export.ts";
import { mapToOmop } from "../../../src/omop/map-to-omop.ts";
import type { OmopipeError } from "../../../src/pipeline/errors.ts";
import { pipeline } from "../../../src/pipeline/pipeline.ts";
import { createRunReport } from "../../../src/quality/run-report.ts";
import { openWarehouse } from "../../../src/warehouse/warehouse.ts";
import { answer, type Behaviour, cutBody, hangUp, loopback } from "../../clients/http/loopback.ts";
import { type ServedFile, type ServedManifest, serveBulk } from "../../support/bulk-server.ts";
import { cdmHashes } from "../../support/cdm-hashes.ts";
import { failureOf } from "../../support/failure.ts";
import { type Folder, openFolder } from "../../support/folder.ts";
import { unhandledRejectionsOf } from "../../support/unhandled-rejections.ts";
import { expectFullAccount, lines } from "../intake.ts";
import { files, quick, readExport, readFiles } from "./read-export.ts";

let folder: Folder;
let expected: Awaited<ReturnType<typeof readFiles>>;

beforeAll(async () => {
  folder = await openFolder();
  expected = await readFiles(folder.path, folder.write);
});
afterAll(() => folder[Symbol.asyncDispose]());

const isFile = (url: string) => url.startsWith("/files/");

describe("an export", () => {
  it("gives the records that its files give, over three pages of its manifest, and is removed at the end", async () => {
    await using server = await serveBulk({ files, pages: 3 });
    await using warehouse = await openWarehouse(":memory:");
    const { landed, warnings } = await readExport({ baseUrl: server.url, level: "system" }, warehouse);
    expect(landed).toEqual(expected.landed);
    expect(warnings).toEqual([]);
    expect(server.requests("DELETE", "/fhir/jobs/1")).toHaveLength(1);
    expect(server.requests("GET", "/files/")).toHaveLength(files.length);
  });

  it("is mapped as its files are, and its report accounts for every record", async () => {
    await using server = await serveBulk({ files });
    await using warehouse = await openWarehouse(":memory:");
    const read = bulkExport({ ...quick, baseUrl: server.url, level: "system" });
    const mapped = await pipeline(read, mapToOmop({ noVocabulary: true })).run(warehouse);
    expectFullAccount(await createRunReport(warehouse, mapped));
    expect(await cdmHashes(warehouse)).toEqual(expected.tables);
  });

  it("is asked for by GET with all parameters", async () => {
    await using server = await serveBulk({ files });
    await using warehouse = await openWarehouse(":memory:");
    await readExport(
      {
        baseUrl: server.url,
        level: "Group",
        group: "cohort 1",
        types: ["Patient", "Condition"],
        since: "2026-01-01T00:00:00Z",
        typeFilters: ["Observation?category=laboratory,vital-signs", "Condition?clinical-status=active"],
        elements: ["Patient.birthDate", "id"],
        includeAssociatedData: ["LatestProvenanceResources"],
      },
      warehouse,
    );
    const [kickOff] = server.requests("GET", "/fhir/Group/");
    const { pathname, searchParams } = new URL(kickOff!.url, server.origin);
    expect(pathname).toBe("/fhir/Group/cohort%201/$export");
    expect([...searchParams]).toEqual([
      ["_type", "Patient,Condition"],
      ["_since", "2026-01-01T00:00:00Z"],
      ["_typeFilter", "Observation?category=laboratory,vital-signs"],
      ["_typeFilter", "Condition?clinical-status=active"],
      ["_elements", "Patient.birthDate,id"],
      ["includeAssociatedData", "LatestProvenanceResources"],
    ]);
    expect(kickOff!.headers).toMatchObject({ accept: "application/fhir+json", prefer: "respond-async" });
  });

  it("is asked for by POST with a Parameters resource", async () => {
    await using server = await serveBulk({ files });
    await using warehouse = await openWarehouse(":memory:");
    const since = "2026-01-01T00:00:00Z";
    await readExport({ baseUrl: server.url, level: "Patient", method: "POST", types: ["Patient"], since }, warehouse);
    const [kickOff] = server.requests("POST", "/fhir/Patient/$export");
    expect(kickOff!.headers).toMatchObject({ "content-type": "application/fhir+json", prefer: "respond-async" });
    expect(JSON.parse(kickOff!.body)).toEqual({
      resourceType: "Parameters",
      parameter: [
        { name: "_type", valueString: "Patient" },
        { name: "_since", valueInstant: since },
      ],
    });
  });

  it("may come gzipped", async () => {
    await using server = await serveBulk({ files, gzip: true });
    await using warehouse = await openWarehouse(":memory:");
    expect((await readExport({ baseUrl: server.url, level: "system" }, warehouse)).landed).toEqual(expected.landed);
  });

  it("asks the next time for what has changed since the last", async () => {
    await using server = await serveBulk({ files });
    await using warehouse = await openWarehouse(":memory:");
    const options = { baseUrl: server.url, level: "system", since: "last" } as const;
    await readExport(options, warehouse);
    await readExport(options, warehouse);
    expect(server.requests("GET", "/fhir/$export").map(({ url }) => url)).toEqual([
      "/fhir/$export",
      "/fhir/$export?_since=2026-01-01T00%3A00%3A00.000Z",
    ]);
  });

  it("removes what the server has deleted, and tells of what it could not export, without its words", async () => {
    const deleted = {
      resourceType: "Bundle",
      type: "transaction",
      entry: [
        { request: { method: "DELETE", url: "Condition/c80" } },
        { request: { method: "DELETE", url: "Condition/c81" } },
        { request: { method: "DELETE", url: "Condition/never-seen" } },
      ],
    };
    const outcome = {
      resourceType: "OperationOutcome",
      issue: [{ severity: "error", code: "processing", diagnostics: "the file of Ms Secret" }],
    };
    await using warehouse = await openWarehouse(":memory:");
    await using first = await serveBulk({ files });
    await readExport({ baseUrl: first.url, level: "system" }, warehouse);
    await using second = await serveBulk({
      files: [
        { type: "Patient", text: files[0]!.text },
        { type: "Bundle", role: "deleted", text: lines(deleted) },
        { type: "OperationOutcome", role: "error", text: lines(outcome, outcome) },
      ],
    });
    const { warnings } = await readExport({ baseUrl: second.url, level: "system" }, warehouse);
    expect(warnings).toEqual(["The server reports 2 problems of this export: 2 error (processing)."]);
    expect(await warehouse.row("select count(*) as n from landing.condition where id in ('c80', 'c81')")).toEqual({
      n: 0,
    });
    expect(await warehouse.row("select count(*) as n from landing.condition")).toEqual({ n: 78 });
    const books = await warehouse.row(
      "select sum(read) as read, sum(superseded) as superseded from meta.file_records where resource_type = 'Condition'",
    );
    expect(books).toEqual({ read: 80, superseded: 2 });
  });

  it("tells when a file has another number of records than was announced", async () => {
    await using server = await serveBulk({ files: files.map((file, i) => ({ ...file, count: i === 2 ? 41 : 40 })) });
    await using warehouse = await openWarehouse(":memory:");
    const { warnings } = await readExport({ baseUrl: server.url, level: "system" }, warehouse);
    expect(warnings).toEqual(["A file of Condition has 40 records, but the server announced 41."]);
  });
});

describe("an export of nothing", () => {
  it.each([
    ["without files", []],
    ["of files without a resource", [{ type: "Patient", text: lines({ note: "under maintenance" }) }]],
  ])("%s ends the run, is removed, and is not gone on with: the next run asks again", async (_, nothing) => {
    const served: ServedFile[] = [...nothing];
    await using server = await serveBulk({ files: served });
    await using warehouse = await openWarehouse(":memory:");
    const options = { baseUrl: server.url, level: "system", since: "last" } as const;
    const error = await failureOf(readExport(options, warehouse));
    expect(error.code).toBe("INPUT_NOT_FHIR");
    expect(error.message).toMatch(/^The server gave no resource at all/);
    expect(server.requests("DELETE", "/fhir/jobs/1")).toHaveLength(1);
    served.splice(0, served.length, ...files);
    expect((await readExport(options, warehouse)).landed).toEqual(expected.landed);
    expect(server.requests("GET", "/fhir/$export").map(({ url }) => url)).toEqual(["/fhir/$export", "/fhir/$export"]);
  });

  it.each([
    ["blank lines", "\n\n", false],
    ["a gzip of nothing", "", true],
  ])("but %s, where there was something before, is a night without news", async (_, text, gzip) => {
    const served = [...files];
    await using server = await serveBulk({ files: served, gzip });
    await using warehouse = await openWarehouse(":memory:");
    const options = { baseUrl: server.url, level: "system", since: "last" } as const;
    await readExport(options, warehouse);
    served.splice(0, served.length, { type: "Patient", text });
    expect((await readExport(options, warehouse)).landed).toEqual(expected.landed);
    expect(server.requests("DELETE", "/fhir/jobs/")).toHaveLength(2);
  });
});

describe("a server that misbehaves", () => {
  it("is asked again after 429, 503, broken connections and cut bodies", async () => {
    const soon = () => new Date(Date.now() + 20).toUTCString();
    await using server = await serveBulk({
      files,
      pages: 3,
      mischief: ({ url }, time): Behaviour | undefined => {
        if (url === "/fhir/$export" && time === 1) return answer(429, "slow down", { "retry-after": soon() });
        if (url === "/fhir/jobs/1" && time === 1) return answer(503, "at lunch", { "retry-after": "0" });
        if (url === "/fhir/jobs/1" && time === 2) return hangUp;
        if (isFile(url) && time === 1) return cutBody;
        if (isFile(url) && time === 2) return answer(502, "gone for a moment");
        return undefined;
      },
    });
    await using warehouse = await openWarehouse(":memory:");
    expect((await readExport({ baseUrl: server.url, level: "system" }, warehouse)).landed).toEqual(expected.landed);
  });

  it("that sends a date in Retry-After is not asked before it, nor hammered (fault 2)", async () => {
    const started = Date.now();
    // An HTTP date has whole seconds: this one is between one and two seconds away.
    const date = new Date(started + 2000).toUTCString();
    await using server = await serveBulk({
      files,
      looks: 0,
      mischief: ({ url }, time) =>
        url === "/fhir/jobs/1" && time === 1
          ? answer(202, "", { "retry-after": date, "x-progress": "30 % done" })
          : undefined,
    });
    await using warehouse = await openWarehouse(":memory:");
    const { messages } = await readExport({ baseUrl: server.url, level: "system" }, warehouse);
    expect(Date.now()).toBeGreaterThanOrEqual(Date.parse(date));
    expect(server.requests("GET", "/fhir/jobs/1")).toHaveLength(2);
    expect(messages[0]).toMatch(/^the server is at work \(30 % done\); next look in [12] s$/);
  });

  it("that asks for hours of patience, or for none, is looked at within bounds", async () => {
    await using server = await serveBulk({
      files,
      looks: 0,
      mischief: ({ url }, time) => {
        const patience = ["7200", "Thu, 01 Jan 2099 00:00:00 GMT", "0", "-5", "soon"][time - 1];
        return url === "/fhir/jobs/1" && patience ? answer(202, "", { "retry-after": patience }) : undefined;
      },
    });
    await using warehouse = await openWarehouse(":memory:");
    const poll = { firstMilliseconds: 20, capMilliseconds: 60 };
    const started = performance.now();
    await readExport({ baseUrl: server.url, level: "system", poll }, warehouse);
    expect(server.requests("GET", "/fhir/jobs/1")).toHaveLength(6);
    expect(performance.now() - started).toBeGreaterThan(60 + 60 + 20 + 20 + 20);
  });

  it("that cuts characters in two between chunks loses none of them (fault 1)", async () => {
    await using server = await serveBulk({
      files,
      mischief: ({ url }) =>
        isFile(url)
          ? async (response) => {
              const body = Buffer.from(files[Number(/\d+/.exec(url)![0])]!.text);
              response.writeHead(200, { "content-type": "application/fhir+ndjson" });
              for (let at = 0; at < body.length; at += 997) {
                response.write(body.subarray(at, at + 997));
                if (at % 5 === 0) await new Promise((resolve) => setImmediate(resolve));
              }
              response.end();
            }
          : undefined,
    });
    await using warehouse = await openWarehouse(":memory:");
    expect((await readExport({ baseUrl: server.url, level: "system" }, warehouse)).landed).toEqual(expected.landed);
  });

  it("that cannot give a file fails the run, not the others; the next run asks for that file alone (fault 3)", async () => {
    let broken = true;
    await using server = await serveBulk({
      files,
      mischief: ({ url }) => (broken && url.startsWith("/files/4") ? answer(500, "no") : undefined),
    });
    await using warehouse = await openWarehouse(":memory:");
    const options = { baseUrl: server.url, level: "system", retries: 1 } as const;
    let failed: Promise<OmopipeError> | undefined;
    const unhandled = await unhandledRejectionsOf(async () => {
      failed = failureOf(readExport(options, warehouse));
      await failed;
    });
    expect(unhandled).toEqual([]);
    const error = await failed!;
    expect(error.code).toBe("HTTP_STATUS");
    expect(error.message).toBe(
      "1 of the 6 files of the export could not be downloaded; the first is of Observation: The Bulk Data server answered 500 " +
        "to GET (a file of the export: Observation) (try 2 of 2). The others are kept: run the same again to go on.",
    );
    expect(await warehouse.row("select count(*) as n from cdm.person")).toEqual({ n: 0 });
    broken = false;
    const before = server.requests("GET", "/files/").length;
    expect((await readExport(options, warehouse)).landed).toEqual(expected.landed);
    expect(
      server
        .requests("GET", "/files/")
        .slice(before)
        .map(({ url }) => url),
    ).toEqual(["/files/4?signature=secret"]);
    expect(server.requests("GET", "/fhir/$export")).toHaveLength(1);
  });

  it("that cuts a gzipped body is continued where it broke off (fault 4)", async () => {
    await using server = await serveBulk({ files, gzip: true, cutAfter: 200 });
    await using warehouse = await openWarehouse(":memory:");
    expect((await readExport({ baseUrl: server.url, level: "system" }, warehouse)).landed).toEqual(expected.landed);
    const ranges = server.requests("GET", "/files/").map(({ headers }) => headers.range);
    expect(ranges.filter((range) => /^bytes=[1-9]\d*-$/.test(range ?? ""))).toHaveLength(files.length);
  });

  it("that knows no ranges is asked for that file again", async () => {
    await using server = await serveBulk({ files, ranges: false, cutAfter: 200 });
    await using warehouse = await openWarehouse(":memory:");
    expect((await readExport({ baseUrl: server.url, level: "system" }, warehouse)).landed).toEqual(expected.landed);
    expect(server.requests("GET", "/files/").every(({ headers }) => headers.range === undefined)).toBe(true);
  });

  it("that ends a body too early without a word is asked for that file again", async () => {
    await using server = await serveBulk({
      files,
      gzip: true,
      mischief: ({ url }, time) =>
        isFile(url) && time === 1
          ? (response) => {
              response.writeHead(200, { "content-type": "application/fhir+ndjson" });
              response.end('{"resourceType":"Patient","id":"p1"}\n{"resourceType":"Pat');
            }
          : undefined,
    });
    await using warehouse = await openWarehouse(":memory:");
    expect((await readExport({ baseUrl: server.url, level: "system" }, warehouse)).landed).toEqual(expected.landed);
  });

  it("that gives an OperationOutcome in place of a file has not given the file", async () => {
    const outcome = { resourceType: "OperationOutcome", issue: [{ severity: "error", code: "exception" }] };
    await using server = await serveBulk({
      files,
      mischief: ({ url }, time) => (url.startsWith("/files/4") && time <= 3 ? answer(200, outcome) : undefined),
    });
    await using warehouse = await openWarehouse(":memory:");
    const options = { baseUrl: server.url, level: "system" } as const;
    const error = await failureOf(readExport(options, warehouse));
    expect(error.code).toBe("RESPONSE_INVALID");
    expect(error.message).toContain("of Observation: It came damaged 3 times: an OperationOutcome came in its place.");
    expect((await readExport(options, warehouse)).landed).toEqual(expected.landed);
  });

  it("that has removed a file of the export is asked for a new one by the next run", async () => {
    await using server = await serveBulk({
      files,
      mischief: ({ url }, time) => (url.startsWith("/files/4") && time === 1 ? answer(404, "expired") : undefined),
    });
    await using warehouse = await openWarehouse(":memory:");
    const options = { baseUrl: server.url, level: "system" } as const;
    const error = await failureOf(readExport(options, warehouse));
    expect(error.message).toMatch(/The export is no longer whole: run the same again to have a new one\.$/);
    expect(server.requests("DELETE", "/fhir/jobs/1")).toHaveLength(1);
    expect((await readExport(options, warehouse)).landed).toEqual(expected.landed);
    expect(server.requests("GET", "/fhir/$export")).toHaveLength(2);
  });

  it("that tells files apart by their queries alone, and lists them in another order, loses none", async () => {
    let looks = 0;
    await using server = await serveBulk({
      files,
      rewrite: (manifest) => {
        const output = manifest.output.map((file, i) => ({ ...file, type: "Any", url: `/files/0?part=${i}` }));
        return { ...manifest, output: looks++ === 0 ? output : output.reverse() };
      },
      mischief: ({ url }) => {
        const part = /^\/files\/0\?part=(\d)$/.exec(url)?.[1];
        if (part === undefined) return undefined;
        return part === "0" && looks === 1 ? answer(403, "no") : answer(200, files[Number(part)]!.text);
      },
    });
    await using warehouse = await openWarehouse(":memory:");
    const options = { baseUrl: server.url, level: "system" } as const;
    expect((await failureOf(readExport(options, warehouse))).message).toMatch(/^1 of the 6 files/);
    expect((await readExport(options, warehouse)).landed).toEqual(expected.landed);
  });

  it.each<[string, (manifest: ServedManifest) => object]>([
    [
      "relative URLs of files",
      ({ output, ...others }) => ({
        ...others,
        output: output.map(({ url, type }) => ({ type, url: url.replace(/^.*\/files/, "../../files") })),
      }),
    ],
    ["null where there is nothing", (manifest) => ({ ...manifest, deleted: null, error: null, link: null })],
    [
      "null for numbers it does not know",
      ({ output, ...others }) => ({ ...others, output: output.map((file) => ({ ...file, count: null })) }),
    ],
    ["no word of tokens", ({ requiresAccessToken: _, ...others }) => others],
    ["members that nobody knows", (manifest) => ({ ...manifest, outputOrganizedBy: "Patient", extension: {} })],
  ])("that writes a manifest with %s is understood", async (_, rewrite) => {
    await using server = await serveBulk({ files, rewrite });
    await using warehouse = await openWarehouse(":memory:");
    const options = { baseUrl: server.url, level: "system", token: "secret" } as const;
    expect((await readExport(options, warehouse)).landed).toEqual(expected.landed);
  });

  it("that writes no manifest is told what is missing", async () => {
    await using server = await serveBulk({ files, rewrite: () => ({ resourceType: "OperationOutcome" }) });
    await using warehouse = await openWarehouse(":memory:");
    const error = await failureOf(readExport({ baseUrl: server.url, level: "system" }, warehouse));
    expect(error.message).toContain("no manifest of an export (transactionTime: ");
  });

  it("leaves no one waiting when a file cannot be written (fault 5)", async () => {
    await using own = await openFolder();
    const pages = own.file("pages");
    await using server = await serveBulk({
      files,
      mischief: ({ url }) => {
        // The folder is gone before the first byte is written.
        if (isFile(url)) rmSync(pages, { recursive: true, force: true });
        return undefined;
      },
    });
    await using warehouse = await openWarehouse(":memory:");
    const error = await failureOf(readExport({ baseUrl: server.url, level: "system", folder: pages }, warehouse));
    expect(error.message).toMatch(/6 of the 6 files of the export could not be downloaded.*ENOENT/);
  });

  it("that hangs up at the kick-off ends the run with a reason, without any answer to read it from (fault 5)", async () => {
    await using server = await serveBulk({ files, mischief: () => hangUp });
    await using warehouse = await openWarehouse(":memory:");
    const error = await failureOf(readExport({ baseUrl: server.url, level: "system", retries: 1 }, warehouse));
    expect(error.code).toBe("HTTP_NETWORK");
    expect(error.message).toMatch(
      /^The Bulk Data server could not be reached, or broke off, at GET \/\$export \(try 2 of 2, request /,
    );
  });

  it("that has forgotten the export of an earlier run is asked for it again", async () => {
    let broken = true;
    await using server = await serveBulk({
      files,
      mischief: ({ url }) => (broken && isFile(url) ? answer(403, "no") : undefined),
    });
    await using warehouse = await openWarehouse(":memory:");
    const options = { baseUrl: server.url, level: "system" } as const;
    await failureOf(readExport(options, warehouse));
    broken = false;
    server.forget();
    const { landed, warnings } = await readExport(options, warehouse);
    expect(landed).toEqual(expected.landed);
    expect(warnings).toEqual([
      "The server does not know the export any more that an earlier run asked for: it is asked for again.",
    ]);
  });

  it("that is out of order when an earlier run is gone on with has not lost the export", async () => {
    let broken = "/files/4";
    await using server = await serveBulk({
      files,
      mischief: ({ url }) => (broken !== "" && url.startsWith(broken) ? answer(500, "no") : undefined),
    });
    await using warehouse = await openWarehouse(":memory:");
    const options = { baseUrl: server.url, level: "system", retries: 1 } as const;
    await failureOf(readExport(options, warehouse));
    broken = "/fhir/jobs";
    expect((await failureOf(readExport(options, warehouse))).code).toBe("HTTP_STATUS");
    broken = "";
    expect((await readExport(options, warehouse)).landed).toEqual(expected.landed);
    expect(server.requests("GET", "/fhir/$export")).toHaveLength(1);
  });

  it("that cannot make the export at all ends the run with its reason", async () => {
    await using server = await serveBulk({
      files,
      mischief: ({ url }) =>
        url === "/fhir/jobs/1"
          ? answer(422, {
              resourceType: "OperationOutcome",
              issue: [{ code: "too-costly", diagnostics: "ask for less" }],
            })
          : undefined,
    });
    await using warehouse = await openWarehouse(":memory:");
    const error = await failureOf(readExport({ baseUrl: server.url, level: "system" }, warehouse));
    expect(error.code).toBe("JOB_FAILED");
    expect(error.message).toContain("too-costly: ask for less");
  });

  it("is left alone at once when the run is stopped, and the next run goes on waiting", async () => {
    await using server = await serveBulk({ files, looks: 2 });
    await using warehouse = await openWarehouse(":memory:");
    const options = { baseUrl: server.url, level: "system" } as const;
    const stop = new AbortController();
    const run = pipeline(bulkExport({ ...options, poll: { firstMilliseconds: 60_000 } })).run(warehouse, {
      signal: stop.signal,
      onProgress: ({ message }) => message?.startsWith("the server is at work") && stop.abort(new Error("enough")),
    });
    expect((await failureOf(run)).code).toBe("ABORTED");
    expect((await readExport(options, warehouse)).landed).toEqual(expected.landed);
    expect(server.requests("GET", "/fhir/$export")).toHaveLength(1);
  });

  it("that is not ready in time may be waited for again", async () => {
    await using server = await serveBulk({ files, looks: 10 });
    await using warehouse = await openWarehouse(":memory:");
    const options = { baseUrl: server.url, level: "system" } as const;
    const poll = { firstMilliseconds: 5, deadlineMilliseconds: 10 };
    const error = await failureOf(readExport({ ...options, poll }, warehouse));
    expect(error).toMatchObject({ code: "JOB_TIMEOUT", retryable: true });
    expect((await readExport(options, warehouse)).landed).toEqual(expected.landed);
    expect(server.requests("GET", "/fhir/$export")).toHaveLength(1);
  });
});

const keys = {
  RS384: generateKeyPairSync("rsa", { modulusLength: 2048 }).privateKey.export({
    type: "pkcs8",
    format: "pem",
  }) as string,
  ES384: generateKeyPairSync("ec", { namedCurve: "P-384" }).privateKey.export({
    type: "pkcs8",
    format: "pem",
  }) as string,
};

describe("a server that wants tokens", () => {
  it.each(["RS384", "ES384"] as const)("is given assertions signed with %s", async (algorithm) => {
    const privateKey = keys[algorithm];
    await using server = await serveBulk({ files, tokens: { jwks: (await publicJwks(privateKey)) as never } });
    await using warehouse = await openWarehouse(":memory:");
    const token = smartBackendToken({ baseUrl: server.url, clientId: "etl", privateKey });
    const { landed } = await readExport({ baseUrl: server.url, level: "system", token }, warehouse);
    expect(landed).toEqual(expected.landed);
    const [asked] = server.requests("POST", "/token");
    expect(new URLSearchParams(asked!.body).get("scope")).toBe("system/*.read");
    const assertions = server
      .requests("POST", "/token")
      .map(({ body }) => new URLSearchParams(body).get("client_assertion"));
    expect(new Set(assertions).size).toBe(assertions.length);
  });

  it("gets a new one before the old one expires, and after it was refused", async () => {
    const jwks = (await publicJwks(keys.ES384)) as never;
    await using server = await serveBulk({ files, tokens: { jwks, calls: 2 } });
    await using warehouse = await openWarehouse(":memory:");
    const token = smartBackendToken({ baseUrl: server.url, clientId: "etl", privateKey: keys.ES384 });
    expect(
      (await readExport({ baseUrl: server.url, level: "system", token, concurrency: 1 }, warehouse)).landed,
    ).toEqual(expected.landed);
    expect(server.requests("POST", "/token").length).toBeGreaterThan(3);
  });

  it.each([
    ["a text", "300"],
    ["nothing", null],
    ["of no use", 0],
  ])("may say how long a token lives as %s", async (_, expires_in) => {
    await using server = await loopback(answer(200, { access_token: "secret", expires_in }));
    const at = { baseUrl: server.url, tokenUrl: `${server.url}/token` };
    const token = smartBackendToken({ ...at, clientId: "etl", privateKey: keys.ES384 });
    expect(await tokenSource(token).current()).toBe("secret");
  });

  it("keeps tokens, keys and signatures out of the warehouse", async () => {
    const jwks = (await publicJwks(keys.ES384)) as never;
    await using server = await serveBulk({ files, tokens: { jwks } });
    await using warehouse = await openWarehouse(":memory:");
    const token = smartBackendToken({ baseUrl: server.url, clientId: "etl", privateKey: keys.ES384 });
    await readExport({ baseUrl: server.url, level: "system", token }, warehouse);
    for (const table of ["download", "download_file", "download_part", "run"]) {
      const rows = JSON.stringify(await warehouse.rows(`select to_json(t) as row from meta.${table} t`));
      expect(rows).not.toMatch(/token-\d|signature|PRIVATE|Bearer/);
    }
  });

  it("gives files of another origin no token, unless it is trusted", async () => {
    const jwks = (await publicJwks(keys.ES384)) as never;
    await using elsewhere = await serveBulk({ files });
    await using server = await serveBulk({
      files: files.map((file) => ({ ...file, origin: elsewhere.origin })),
      tokens: { jwks },
    });
    const token = smartBackendToken({ baseUrl: server.url, clientId: "etl", privateKey: keys.ES384 });
    const options = { baseUrl: server.url, level: "system", token } as const;
    const authorizations = () => new Set(elsewhere.received.map(({ headers }) => typeof headers.authorization));
    {
      await using warehouse = await openWarehouse(":memory:");
      expect((await readExport(options, warehouse)).landed).toEqual(expected.landed);
      expect(authorizations()).toEqual(new Set(["undefined"]));
    }
    await using warehouse = await openWarehouse(":memory:");
    await readExport({ ...options, trustedOrigins: [elsewhere.origin] }, warehouse);
    expect(authorizations()).toEqual(new Set(["undefined", "string"]));
  });

  it("may redirect to a signed address elsewhere, which is given no token", async () => {
    const jwks = (await publicJwks(keys.ES384)) as never;
    await using elsewhere = await serveBulk({ files });
    await using server = await serveBulk({
      files,
      tokens: { jwks },
      mischief: ({ url }) => (isFile(url) ? answer(307, "", { location: `${elsewhere.origin}${url}` }) : undefined),
    });
    await using warehouse = await openWarehouse(":memory:");
    const token = smartBackendToken({ baseUrl: server.url, clientId: "etl", privateKey: keys.ES384 });
    expect((await readExport({ baseUrl: server.url, level: "system", token }, warehouse)).landed).toEqual(
      expected.landed,
    );
    expect(server.requests("GET", "/files/").every(({ headers }) => headers.authorization !== undefined)).toBe(true);
    expect(elsewhere.received.every(({ headers }) => headers.authorization === undefined)).toBe(true);
  });
});
