import { createHmac, randomBytes, timingSafeEqual } from "node:crypto";

/** What a presigned URL allows: one method on one key, or on one part of it. */
export interface Grant {
  readonly method: "GET" | "PUT";
  readonly key: string;
  readonly part?: number | undefined;
}

export interface PresignedUrl {
  readonly url: string;
  readonly expires_at: string;
}

export interface PresignedUrls {
  /** A URL below `origin` that allows this, for as long as URLs last. */
  sign(origin: string, grant: Grant): PresignedUrl;
  /** What a request is allowed by its URL; or why it is not. */
  grantOf(method: string, url: string): Grant | "expired" | "forbidden";
}

const prefix = "/store/";

/** Signs URLs with a key of this process, so that nobody else can make or change one. */
export function createPresignedUrls(lifetimeSeconds: number): PresignedUrls {
  const secret = randomBytes(32);
  const signatureOf = ({ method, key, part }: Grant, expires: string): string =>
    createHmac("sha256", secret)
      .update(JSON.stringify([method, key, part, expires]))
      .digest("hex");

  return {
    sign(origin, grant) {
      const expiresAt = new Date(Date.now() + lifetimeSeconds * 1000);
      const expires = String(expiresAt.getTime());
      const url = new URL(`${prefix}${grant.key}`, origin);
      if (grant.part !== undefined) url.searchParams.set("partNumber", String(grant.part));
      url.searchParams.set("expires", expires);
      url.searchParams.set("signature", signatureOf(grant, expires));
      return { url: url.href, expires_at: expiresAt.toISOString() };
    },
    grantOf(method, url) {
      const { pathname, searchParams } = new URL(url);
      if (method !== "GET" && method !== "PUT") return "forbidden";
      const part = searchParams.get("partNumber");
      const grant: Grant = {
        method,
        key: decodeURIComponent(pathname.slice(prefix.length)),
        part: part === null ? undefined : Number(part),
      };
      const expires = searchParams.get("expires") ?? "";
      const given = Buffer.from(searchParams.get("signature") ?? "");
      const expected = Buffer.from(signatureOf(grant, expires));
      if (given.length !== expected.length || !timingSafeEqual(given, expected)) return "forbidden";
      return Number(expires) < Date.now() ? "expired" : grant;
    },
  };
}
