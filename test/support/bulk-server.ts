import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { gzipSync } from "node:zlib";
import { createLocalJWKSet, type JSONWebKeySet, jwtVerify } from "jose";
import type { Behaviour, Received } from "../clients/http/loopback.ts";

/** A file of an export. */
export interface ServedFile {
  readonly role?: "output" | "deleted" | "error";
  readonly type: string;
  readonly text: string;
  /** What the manifest says of its records. Default: nothing. */
  readonly count?: number;
  /** Another origin that it lies at. Default: that of the server. */
  readonly origin?: string;
}

export interface BulkServerOptions {
  readonly files: readonly ServedFile[];
  /** Pages of the manifest. Default 1. */
  readonly pages?: number;
  /** How often a job says that it is still at work. Default once. */
  readonly looks?: number;
  readonly gzip?: boolean;
  /** Whether files have an ETag and can be continued. Default true. */
  readonly ranges?: boolean;
  /** How long the body of a file takes, in pieces. Default: all at once. */
  readonly fileMilliseconds?: number;
  /** After how many bytes an answer that gives a file from its start breaks off; without ranges the first alone. Default: never. */
  readonly cutAfter?: number;
  /** Clients must bring a token, which is given for an assertion signed with one of these keys, and lives that many calls. */
  readonly tokens?: { readonly jwks: JSONWebKeySet; readonly calls?: number; readonly seconds?: number };
  readonly requiresAccessToken?: boolean;
  /** How a page of the manifest is written otherwise, if at all. */
  readonly rewrite?: (manifest: ServedManifest) => object;
  /** What to do with a request instead, if anything: `time` counts the requests of this method and path from 1. */
  readonly mischief?: (request: Received, time: number) => Behaviour | undefined;
}

/** A page of the manifest that it serves. */
export interface ServedManifest {
  readonly requiresAccessToken: boolean;
  readonly output: readonly { readonly type: string; readonly url: string }[];
}

/** A Bulk Data server on loopback, with SMART Backend Services. */
export interface BulkServer extends AsyncDisposable {
  readonly origin: string;
  /** The base of its FHIR interface. */
  readonly url: string;
  readonly received: readonly Received[];
  /** The requests of one method whose path begins so. */
  requests(method: string, path: string): Received[];
  /** Forgets all jobs, as if it had been restarted. */
  forget(): void;
}

/** Serves an export of these files. Every request is checked for its token, but those for tokens and for files that need none. */
export async function serveBulk(options: BulkServerOptions): Promise<BulkServer> {
  const { files, pages = 1, looks = 1, tokens, requiresAccessToken = tokens !== undefined } = options;
  const received: Received[] = [];
  const jobs = new Map<string, number>();
  const alive = new Map<string, number>();
  let given = 0;

  const json = (response: ServerResponse, status: number, body: unknown, headers: Record<string, string> = {}) =>
    response.writeHead(status, { "content-type": "application/json", ...headers }).end(JSON.stringify(body));

  const giveToken = async (request: Received, response: ServerResponse) => {
    const form = new URLSearchParams(request.body);
    const { payload, protectedHeader } = await jwtVerify(
      form.get("client_assertion")!,
      createLocalJWKSet(tokens!.jwks),
      {
        audience: `${origin()}/token`,
        issuer: "etl",
        subject: "etl",
        algorithms: ["RS384", "ES384"],
        maxTokenAge: 300,
      },
    );
    const proper = payload.jti !== undefined && protectedHeader.kid !== undefined;
    if (!proper || form.get("grant_type") !== "client_credentials")
      return json(response, 400, { error: "invalid_request" });
    const token = `token-${++given}`;
    alive.set(token, tokens!.calls ?? Number.POSITIVE_INFINITY);
    return json(response, 200, { access_token: token, token_type: "bearer", expires_in: tokens!.seconds ?? 300 });
  };
  const isAllowed = ({ headers }: Received): boolean => {
    if (tokens === undefined) return true;
    const token = headers.authorization?.replace("Bearer ", "") ?? "";
    const left = alive.get(token) ?? 0;
    alive.set(token, left - 1);
    return left > 0;
  };
  const manifest = (job: string, page: number) => {
    const size = Math.ceil(files.length / pages);
    const listed = files.map((file, i) => ({ ...file, i })).slice((page - 1) * size, page * size);
    const list = (role: string) =>
      listed
        .filter((file) => (file.role ?? "output") === role)
        .map(({ type, i, count, origin: at }) => ({
          type,
          url: `${at ?? origin()}/files/${i}?signature=secret`,
          ...(count !== undefined && { count }),
        }));
    return {
      transactionTime: "2026-01-01T00:00:00.000Z",
      request: `${origin()}/fhir/$export`,
      requiresAccessToken,
      output: list("output"),
      deleted: list("deleted"),
      error: list("error"),
      link: page < pages ? [{ relation: "next", url: `${origin()}/fhir/jobs/${job}?page=${page + 1}` }] : [],
    };
  };
  const serveFile = async (file: ServedFile, request: Received, response: ServerResponse) => {
    const body = options.gzip ? gzipSync(file.text) : Buffer.from(file.text);
    const from = Number(/^bytes=(\d+)-$/.exec(String(request.headers.range ?? ""))?.[1] ?? 0);
    const isPart = options.ranges !== false && from > 0 && request.headers["if-range"] === '"v1"';
    const rest = isPart ? body.subarray(from) : body;
    response.writeHead(isPart ? 206 : 200, {
      "content-type": "application/fhir+ndjson",
      "content-length": String(rest.length),
      ...(options.gzip && { "content-encoding": "gzip" }),
      ...(options.ranges !== false && { etag: '"v1"' }),
      ...(isPart && { "content-range": `bytes ${from}-${body.length - 1}/${body.length}` }),
    });
    const asked = received.filter(({ url }) => url === request.url).length;
    // A busy client may have read nothing when the connection ends, and then asks for the start once more.
    if (options.cutAfter !== undefined && (options.ranges === false ? asked === 1 : !isPart)) {
      return response.write(rest.subarray(0, options.cutAfter), () => setTimeout(() => response.destroy(), 50));
    }
    const pieces = options.fileMilliseconds === undefined ? 1 : 20;
    for (let i = 0; i < pieces; i++) {
      const at = (part: number) => Math.floor((rest.length * part) / pieces);
      response.write(rest.subarray(at(i), at(i + 1)));
      if (options.fileMilliseconds)
        await new Promise((resolve) => setTimeout(resolve, options.fileMilliseconds! / pieces));
    }
    response.end();
  };
  const answer = async (request: Received, response: ServerResponse) => {
    const { pathname, searchParams } = new URL(request.url, origin());
    if (pathname === "/fhir/.well-known/smart-configuration") {
      return json(response, 200, { token_endpoint: `${origin()}/token` });
    }
    if (pathname === "/token") return await giveToken(request, response);
    const isFile = pathname.startsWith("/files/");
    if ((!isFile || requiresAccessToken) && !isAllowed(request)) return json(response, 401, { error: "no token" });
    if (isFile) return await serveFile(files[Number(pathname.split("/")[2])]!, request, response);
    if (pathname.endsWith("/$export")) {
      const job = String(jobs.size + 1);
      jobs.set(job, looks);
      return response.writeHead(202, { "content-location": `${origin()}/fhir/jobs/${job}` }).end();
    }
    const job = /^\/fhir\/jobs\/(\d+)$/.exec(pathname)?.[1] ?? "";
    const left = jobs.get(job);
    if (left === undefined)
      return json(response, 404, { resourceType: "OperationOutcome", issue: [{ code: "not-found" }] });
    if (request.method === "DELETE") {
      jobs.delete(job);
      return response.writeHead(202).end();
    }
    if (left > 0) {
      jobs.set(job, left - 1);
      return response.writeHead(202, { "x-progress": `${100 - left} % done`, "retry-after": "0" }).end();
    }
    const page = manifest(job, Number(searchParams.get("page") ?? 1));
    return json(response, 200, options.rewrite?.(page) ?? page);
  };

  const server = createServer(async (request: IncomingMessage, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk);
    const { method = "", url = "", headers } = request;
    const got: Received = { method, url, headers, body: Buffer.concat(chunks).toString() };
    received.push(got);
    const path = (each: Received) => `${each.method} ${each.url.split("?")[0]}`;
    const time = received.filter((each) => path(each) === path(got)).length;
    const behave = options.mischief?.(got, time);
    if (behave) return behave(response, got);
    await answer(got, response).catch((error: unknown) => json(response, 400, { error: String(error) }));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const origin = () => `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    origin: origin(),
    url: `${origin()}/fhir`,
    received,
    requests: (method, path) => received.filter((each) => each.method === method && each.url.startsWith(path)),
    forget: () => jobs.clear(),
    [Symbol.asyncDispose]: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
