import { generateKeyPairSync } from "node:crypto";
import { existsSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { publicJwks } from "../../src/clients/fhir/smart-key.ts";
import { answer } from "../clients/http/loopback.ts";
import { files } from "../ingest/bulk-export/read-export.ts";
import { condition, patient } from "../ingest/intake.ts";
import { serveBulk } from "../support/bulk-server.ts";
import { omopipe } from "../support/command.ts";
import { openFolder } from "../support/folder.ts";
import { serveSearch } from "../support/search-server.ts";

const resources = [patient("p1"), patient("p2"), condition("c1", { subject: { reference: "Patient/p1" } })];

describe("omopipe etl", { timeout: 60_000 }, () => {
  it("reads a FHIR server, with a token from the environment that is told to nobody", async () => {
    await using folder = await openFolder();
    await using server = await serveSearch({
      resources,
      mischief: ({ headers }) => (headers.authorization === "Bearer s3cret-token" ? undefined : answer(401, "")),
    });
    const args = [
      "etl",
      "--fhir-server",
      server.url,
      "--no-vocabulary",
      "--warehouse",
      folder.file("warehouse.duckdb"),
    ];
    const refused = await omopipe(args);
    expect(refused).toMatchObject({ code: 1 });
    expect(refused.stderr).toMatch(/^The FHIR server answered 401 to GET \/metadata .*Check the token\.$/m);
    const done = await omopipe(args, { FHIR_TOKEN: "s3cret-token", DEBUG: "*" });
    expect(done).toMatchObject({ code: 0 });
    expect(done.stdout).toMatch(/^all +3 +3 /m);
    expect(done.stdout + done.stderr).not.toContain("s3cret-token");
    expect(existsSync(`${folder.file("warehouse.duckdb")}.downloads`)).toBe(false);
  });

  it("refuses pages of nothing and moments that are none, and says where it cannot write, before anything is asked", async () => {
    await using folder = await openFolder();
    await using server = await serveSearch({ resources });
    const args = ["etl", "--fhir-server", server.url, "--no-vocabulary", "--warehouse", folder.file("w.duckdb")];
    const pages = await omopipe([...args, "--page-size", "0"]);
    expect(pages).toMatchObject({ code: 2, stderr: '"0" is too small. The least is 1.\n' });
    const since = await omopipe([...args, "--since", "yesterday"]);
    expect(since).toMatchObject({ code: 2 });
    expect(since.stderr).toMatch(/^"yesterday" is no moment to read since\. Write it as .*\n$/);
    const out = await folder.write("file", "in the way");
    const blocked = await omopipe([...args, "--out", `${out}/cdm`]);
    expect(blocked).toMatchObject({ code: 1 });
    expect(blocked.stderr).toMatch(/^The folder .*\/file\/cdm cannot be written to: ENOTDIR.*\n$/);
    expect(server.received).toEqual([]);
  });

  it("reads an export with a private key from a file, and files after it", async () => {
    await using folder = await openFolder();
    const { privateKey } = generateKeyPairSync("ec", { namedCurve: "P-384" });
    const pem = privateKey.export({ type: "pkcs8", format: "pem" }) as string;
    const key = await folder.write("private-key.pem", pem);
    const more = await folder.write("more.ndjson", `${JSON.stringify(patient("from-a-file"))}\n`);
    await using server = await serveBulk({ files, tokens: { jwks: (await publicJwks(pem)) as never } });
    const done = await omopipe([
      ...["etl", more, "--bulk-export", server.url, "--group", "g1", "--client-id", "etl", "--private-key", key],
      ...[
        "--type",
        "Patient",
        "--type",
        "Condition",
        "--no-vocabulary",
        "--warehouse",
        folder.file("warehouse.duckdb"),
      ],
    ]);
    expect(done).toMatchObject({ code: 0 });
    expect(done.stdout).toMatch(/^Patient +81 +81 /m);
    expect(server.requests("GET", "/fhir/Group/g1/$export?_type=Patient%2CCondition")).toHaveLength(1);
  });

  it.each([
    ["nothing to read", []],
    ["two servers", ["--fhir-server", "http://127.0.0.1/", "--bulk-export", "http://127.0.0.1/"]],
    ["a client without a key", ["--fhir-server", "http://127.0.0.1/", "--client-id", "etl"]],
    ["options of a server that is not named", ["input/", "--since", "last"]],
    ["a base URL with a password", ["--fhir-server", "http://user:password@127.0.0.1/"]],
  ])("refuses %s", async (_, args) => {
    const refused = await omopipe(["etl", ...args, "--no-vocabulary", "--warehouse", "unused.duckdb"]);
    expect(refused).toMatchObject({ code: 2, stdout: "" });
    expect(refused.stderr).not.toContain("password@");
  });
});
