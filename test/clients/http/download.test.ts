import { existsSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { download } from "../../../src/clients/http/download.ts";
import { tokenOnlyTo } from "../../../src/clients/http/origins.ts";
import { tokenSource } from "../../../src/clients/http/token.ts";
import { failureOf } from "../../support/failure.ts";
import { openFolder } from "../../support/folder.ts";
import { answer, type Behaviour, loopback, stall } from "./loopback.ts";

const text = "0123456789".repeat(100);

/** Sends a file, or the rest of it that a Range request asks for. */
const serve =
  (etag: string): Behaviour =>
  (response, { headers }) => {
    const from = Number(/^bytes=(\d+)-$/.exec(String(headers.range ?? ""))?.[1] ?? 0);
    if (from === 0 || headers["if-range"] !== etag) return response.writeHead(200, { etag }).end(text);
    const range = `bytes ${from}-${text.length - 1}/${text.length}`;
    return response.writeHead(206, { etag, "content-range": range }).end(text.slice(from));
  };

/** Downloads from a server that behaves so, where a part with this content and version is there already. */
async function downloaded(behaviours: Behaviour[], part?: { content: string; validator: string }) {
  await using folder = await openFolder();
  await using server = await loopback(...behaviours);
  const path = folder.file("file.ndjson");
  if (part) await folder.write("file.ndjson.part", part.content);
  const versions: (string | undefined)[] = [];
  const options = {
    service: "Test",
    tokens: tokenSource(undefined),
    headersFor: tokenOnlyTo([server.url]),
    signal: new AbortController().signal,
    retries: 2,
    backoff: { firstMilliseconds: 1 },
    timeoutMilliseconds: 200,
  };
  const onVersion = async (version: string | undefined) => void versions.push(version);
  const file = { url: `${server.url}/file`, path, operation: "GET (a file)", validator: part?.validator, onVersion };
  const error = await download(file, options).then(
    () => undefined,
    (reason: unknown) => reason,
  );
  const ranges = server.received.map(({ headers }) => headers.range);
  return { error, ranges, versions, content: existsSync(path) ? readFileSync(path, "utf8") : undefined };
}

describe("a download", () => {
  it("continues the part that is there, if it is of the same version", async () => {
    const part = { content: text.slice(0, 300), validator: '"v1"' };
    expect(await downloaded([serve('"v1"')], part)).toEqual({
      error: undefined,
      ranges: ["bytes=300-"],
      versions: [],
      content: text,
    });
  });

  it("begins anew when the server has another version by now", async () => {
    const part = { content: "something else", validator: '"v1"' };
    expect(await downloaded([serve('"v2"')], part)).toMatchObject({ versions: ['"v2"'], content: text });
  });

  it("begins anew when the server sends the rest of another version all the same", async () => {
    const ofAnyVersion: Behaviour = (response, { headers }) =>
      serve('"v2"')(response, { headers: { ...headers, "if-range": '"v2"' }, method: "GET", url: "/file", body: "" });
    const part = { content: "something else", validator: '"v1"' };
    expect(await downloaded([ofAnyVersion], part)).toEqual({
      error: undefined,
      ranges: ["bytes=14-", undefined],
      versions: ['"v2"'],
      content: text,
    });
  });

  it("goes on where the server sends less of the rest than there is", async () => {
    const piece: Behaviour = (response, { headers }) => {
      const from = Number(/^bytes=(\d+)-$/.exec(String(headers.range))?.[1]);
      const to = Math.min(from + 400, text.length);
      response.writeHead(206, { etag: '"v1"', "content-range": `bytes ${from}-${to - 1}/${text.length}` });
      response.end(text.slice(from, to));
    };
    const part = { content: text.slice(0, 300), validator: '"v1"' };
    expect(await downloaded([piece], part)).toEqual({
      error: undefined,
      ranges: ["bytes=300-", "bytes=700-"],
      versions: [],
      content: text,
    });
  });

  it("begins anew when the part is longer than the file, or another piece comes than was asked for", async () => {
    const part = { content: text.repeat(2), validator: '"v1"' };
    const tooFar = answer(416, "");
    expect(await downloaded([tooFar, serve('"v1"')], part)).toMatchObject({
      ranges: ["bytes=2000-", undefined],
      content: text,
    });
    const wrongPiece: Behaviour = (response) => response.writeHead(206, { "content-range": "bytes 7-8/9" }).end("78");
    expect(await downloaded([wrongPiece, serve('"v1"')], part)).toMatchObject({ content: text });
  });

  it("is tried again when the server falls silent, and gives up when no try brings it on", async () => {
    expect(await downloaded([stall, serve('"v1"')])).toMatchObject({ error: undefined, content: text });
    const { error, ranges, content } = await downloaded([stall, answer(503, "")]);
    expect(error).toMatchObject({ code: "HTTP_STATUS", retryable: false });
    expect(ranges).toHaveLength(4);
    expect(content).toBeUndefined();
  });

  it("follows no more than five redirects", async () => {
    const { error, ranges } = await downloaded([answer(302, "", { location: "/file" })]);
    expect(error).toMatchObject({ code: "RESPONSE_INVALID" });
    expect(ranges).toHaveLength(6);
  });

  it("needs origins that are URLs", async () => {
    expect(await failureOf((async () => tokenOnlyTo(["files.example"]))())).toMatchObject({ code: "USAGE" });
  });
});
