import { OmopipeError } from "../../pipeline/errors.ts";

/** The headers that a request to `url` may carry: the token goes to the origins that it was made for, and to no other. */
export type HeadersFor = (url: string, headers: Readonly<Record<string, string>>) => Record<string, string>;

/**
 * Keeps the Authorization header from servers that it is not meant for. Throws USAGE when an origin is no URL.
 *
 * @example
 * const headersFor = tokenOnlyTo(["https://fhir.hospital.example"]);
 * headersFor("https://elsewhere.example/file", { authorization: "Bearer x", accept: "*" }); // { accept: "*" }
 */
export function tokenOnlyTo(origins: readonly string[]): HeadersFor {
  const trusted = new Set(origins.map(originOf));
  return (url, { authorization, ...others }) =>
    authorization !== undefined && trusted.has(new URL(url).origin) ? { ...others, authorization } : others;
}

function originOf(url: string): string {
  if (URL.canParse(url)) return new URL(url).origin;
  throw new OmopipeError("USAGE", `"${url}" is no URL. Write an origin as https://host or https://host:port.`);
}
