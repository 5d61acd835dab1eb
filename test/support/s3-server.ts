import { once } from "node:events";
import type { AddressInfo, Server } from "node:net";
import { createAdaptorServer } from "@hono/node-server";
import { Hono } from "hono";

export interface S3Server extends AsyncDisposable {
  readonly url: string;
  /** What has been stored, by `bucket/key`. */
  readonly objects: ReadonlyMap<string, Uint8Array>;
  /** The access keys that came with the requests. */
  readonly keyIds: ReadonlySet<string>;
}

/** As much of S3 as an upload needs, in one piece and in parts. Signatures are not looked at, only whose they are. */
export async function serveS3(): Promise<S3Server> {
  const objects = new Map<string, Uint8Array>();
  const keyIds = new Set<string>();
  const uploads = new Map<string, Map<number, Uint8Array>>();
  const xml = (body: string) => new Response(body, { headers: { "content-type": "application/xml" } });
  const app = new Hono();
  app.use(async (context, next) => {
    const [, keyId] = /Credential=([^/]+)\//.exec(context.req.header("authorization") ?? "") ?? [];
    if (keyId === undefined) return new Response(null, { status: 403 });
    keyIds.add(keyId);
    await next();
  });
  app.all("*", async ({ req }) => {
    const key = decodeURIComponent(new URL(req.url).pathname.slice(1));
    const upload = req.query("uploadId");
    if (req.method === "POST" && upload === undefined) {
      const id = String(uploads.size + 1);
      uploads.set(id, new Map());
      return xml(`<InitiateMultipartUploadResult><UploadId>${id}</UploadId></InitiateMultipartUploadResult>`);
    }
    if (req.method === "PUT") {
      const content = new Uint8Array(await req.arrayBuffer());
      if (upload === undefined) objects.set(key, content);
      else uploads.get(upload)!.set(Number(req.query("partNumber")), content);
      return new Response(null, { headers: { etag: '"etag"' } });
    }
    if (req.method === "POST") {
      const parts = [...uploads.get(upload!)!].sort(([a], [b]) => a - b).map(([, part]) => part);
      objects.set(key, new Uint8Array(Buffer.concat(parts)));
      return xml("<CompleteMultipartUploadResult></CompleteMultipartUploadResult>");
    }
    const object = objects.get(key);
    return object ? new Response(Buffer.from(object)) : new Response(null, { status: 404 });
  });
  const server = createAdaptorServer({ fetch: app.fetch }) as Server;
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    objects,
    keyIds,
    async [Symbol.asyncDispose]() {
      server.close();
      if ("closeAllConnections" in server) (server.closeAllConnections as () => void)();
    },
  };
}
