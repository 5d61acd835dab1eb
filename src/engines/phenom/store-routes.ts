import { type Context, Hono } from "hono";
import { Refusal } from "./answers.ts";
import type { BatchBoard } from "./batches.ts";
import { type ObjectStore, tooLarge } from "./object-store.ts";
import type { Grant, PresignedUrls } from "./presigned-urls.ts";

/** The store behind presigned URLs. As object stores do, it answers in XML, and refuses a second kind of authorization. */
export function storeRoutes(store: ObjectStore, batches: BatchBoard, urls: PresignedUrls): Hono {
  const routes = new Hono();

  routes.put("/*", async (context) => {
    const grant = grantOf(context);
    if (grant instanceof Response) return grant;
    const body = context.req.raw.body;
    const length = context.req.header("content-length");
    if (length === undefined) return problem(context, 411, "MissingContentLength", "Content-Length must be given");
    try {
      const stored = await batches.receive(grant, body ?? nothing());
      return context.body(null, 200, { etag: stored.etag });
    } catch (error) {
      if (error === tooLarge) return problem(context, 413, "EntityTooLarge", "The file is too large");
      if (!(error instanceof Refusal)) return problem(context, 400, "RequestTimeout", "The file did not come whole");
      return problem(context, error.status, "InvalidRequest", String(error.detail));
    }
  });

  routes.get("/*", async (context) => {
    const grant = grantOf(context);
    if (grant instanceof Response) return grant;
    const found = await store.read(grant.key);
    if (!found) return problem(context, 404, "NoSuchKey", "There is nothing of this name");
    return context.body(found.content, 200, { "content-type": "text/csv", "content-length": String(found.sizeBytes) });
  });

  const grantOf = (context: Context): Grant | Response => {
    if (context.req.header("authorization") !== undefined) {
      return problem(context, 400, "InvalidArgument", "Only one kind of authorization is allowed");
    }
    const grant = urls.grantOf(context.req.method, context.req.url);
    if (grant === "expired") return expired(context);
    if (grant === "forbidden") return problem(context, 403, "SignatureDoesNotMatch", "This URL was not given out");
    return grant;
  };

  return routes;
}

/** What the store says of a URL whose time is over. */
export function expired(context: Context): Response {
  return problem(context, 403, "AccessDenied", "Request has expired");
}

function problem(
  context: Context,
  status: 400 | 403 | 404 | 409 | 411 | 413 | 422,
  code: string,
  message: string,
): Response {
  const xml = `<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>${code}</Code><Message>${message}</Message></Error>\n`;
  return context.body(xml, status, { "content-type": "application/xml" });
}

async function* nothing(): AsyncGenerator<Uint8Array> {}
