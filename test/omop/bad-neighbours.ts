import type { Resource } from "./golden.ts";

type Change = (value: unknown, key: string) => unknown;

const isDate = (value: unknown): value is string => typeof value === "string" && /^\d{4}-\d{2}/.test(value);
const isObject = (value: unknown): value is object => typeof value === "object" && value !== null;

/** What makes a record what it is, and whose: neighbours keep it, so that they come as far as they can. */
const kept = new Set(["resourceType", "id", "reference", "status", "url", "questionnaire", "identifier"]);

const longDecimal = `0.${"7".repeat(300)}`;
const marked = "(here a decimal of 300 digits)";

/** What may be wrong with a record, one thing at a time, as a change of each of its members. */
const faults: readonly Change[] = [
  (value) => (isDate(value) ? value.slice(0, 4) : value),
  (value) => (isDate(value) ? value.slice(0, 7) : value),
  (value) => (isDate(value) ? `0000${value.slice(4)}` : value),
  (value, key) => (typeof value === "string" && !isDate(value) && !kept.has(key) ? value + "z".repeat(3000) : value),
  (value, key) => (typeof value === "string" && !kept.has(key) ? `${value}\u0000` : value),
  (value, key) => (/period$|date|time|issued|authored/i.test(key) ? undefined : value),
  (value, key) => (key === "id" ? undefined : value),
  (value, key) => (isObject(value) && !Array.isArray(value) && !kept.has(key) ? "a text" : value),
  (value, key) => (typeof value === "string" && !kept.has(key) ? { of: value } : value),
  (value) => (typeof value === "number" ? String(value) : value),
  (value) => (typeof value === "number" ? marked : value),
  (value) => (typeof value === "boolean" ? "perhaps" : value),
  (value) => (Array.isArray(value) ? value[0] : value),
  (value, key) => (isObject(value) || kept.has(key) ? value : [value]),
  (value, key) => (kept.has(key) ? value : null),
  (value, key) => (key === "reference" ? "Patient/nobody" : value),
];

const manyCodings: Change = (value, key) =>
  key === "coding" ? Array.from({ length: 10_000 }, (_, i) => ({ code: `a${i}` })) : value;

/**
 * Lines of bad records of the same types: each fault is put into a copy of all resources, under ids and references of its
 * own, so that whatever becomes of them is told apart. `heavy` adds what takes time: records of 10,000 codings.
 */
export function badNeighbours(resources: readonly Resource[], heavy: boolean): { type: string; line: string }[] {
  const copies = [...faults, ...(heavy ? [manyCodings] : [])].flatMap((change, i) =>
    resources.map((resource) => {
      const neighbour = changed(renamed(resource, `neighbour-${i}-`), change);
      return { type: resource.resourceType, line: JSON.stringify(neighbour).replaceAll(`"${marked}"`, longDecimal) };
    }),
  );
  const types = [...new Set(resources.map(({ resourceType }) => resourceType))];
  return [...copies, ...types.map((type) => ({ type, line: JSON.stringify({ resourceType: type }) }))];
}

/** The same resource as another record: its own id and identifiers, and references to records named likewise. */
export function renamed(resource: Resource, prefix: string): Resource {
  const named = { ...changed(resource, rename(prefix)), id: prefix + resource.id };
  const { url } = resource as { url?: string };
  return url === undefined ? named : { ...named, ...{ url: prefix + url } };
}

/** Canonical URLs, and addresses, which records of one place share. */
const renamedWhole = new Set(["questionnaire", "city", "state", "postalCode", "country"]);

const rename =
  (prefix: string): Change =>
  (value, key) => {
    if (typeof value === "string" && renamedWhole.has(key)) return prefix + value;
    if (key === "identifier") return changed({ "": value }, (part, of) => (of === "value" ? prefix + part : part))[""];
    if (key !== "reference" || typeof value !== "string") return value;
    return value.replace(
      /^(urn:uuid:)|(?<=[A-Za-z]\/)(?=[^/]+(\/_history\/[^/]*)?$)|(?<=\?identifier=.*\|)/,
      `$1${prefix}`,
    );
  };

/** A resource with every member changed, from the inside out, but for its own type. */
function changed<T>(value: T, change: Change): T {
  if (Array.isArray(value)) return value.map((item) => changed(item, change)) as T;
  if (!isObject(value)) return value;
  const members = Object.entries(value).map(([key, member]) => [
    key,
    key === "resourceType" ? member : change(changed(member, change), key),
  ]);
  return Object.fromEntries(members) as T;
}
