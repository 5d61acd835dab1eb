import { OmopipeError } from "../../pipeline/errors.ts";

/**
 * Checks the base URL of a service: http or https, without user name, query or fragment. A path is kept.
 * Throws USAGE otherwise.
 */
export function checkedBaseUrl(baseUrl: string): string {
  const url = URL.canParse(baseUrl) ? new URL(baseUrl) : undefined;
  const fits = url && /^https?:$/.test(url.protocol) && `${url.username}${url.password}${url.search}${url.hash}` === "";
  if (fits) return url.href;
  throw new OmopipeError(
    "USAGE",
    "The base URL of the service must be like https://host/path, without user name, query or fragment.",
  );
}
