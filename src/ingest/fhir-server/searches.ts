import { OmopipeError } from "../../pipeline/errors.ts";

/** A search, or a reading, that a download consists of. */
export interface Search {
  /** Relative to the base: "Condition?category=problem-list-item", "Patient/1/$everything". */
  readonly request: string;
  /** The same with `{id}` in place of an id, for messages. */
  readonly template: string;
  readonly type: string;
}

/** How the resources of a server are asked for. */
export interface SearchPlan {
  /** Types, with search parameters where only some of their resources are wanted: "Observation?category=laboratory". */
  readonly types: readonly string[];
  readonly perPatient: "search" | "everything" | undefined;
  readonly include: readonly string[];
}

/** Resource types that belong to no patient: they are searched as a whole in any case. */
export const withoutPatient: ReadonlySet<string> = new Set([
  "Location",
  "Medication",
  "Organization",
  "Practitioner",
  "PractitionerRole",
  "Questionnaire",
]);

/** The searches over a whole type: all of them, or, patient by patient, the patients and what belongs to none. */
export function searchesByType({ types, perPatient, include }: SearchPlan): Search[] {
  const wanted = perPatient === undefined ? types : types.filter((type) => withoutPatient.has(typeOf(type)));
  const patients = types.find((type) => typeOf(type) === "Patient") ?? "Patient";
  return (perPatient === undefined ? wanted : [patients, ...wanted]).map((search) => searchOf(search, include));
}

/** The search for the ids of all patients: those who are as they were may have records that are not. */
export function searchForIds({ types }: SearchPlan): Search {
  const { request, type } = searchOf(types.find((search) => typeOf(search) === "Patient") ?? "Patient", []);
  return { request: `${request}${request.includes("?") ? "&" : "?"}_elements=id`, template: idsTemplate, type };
}

const idsTemplate = "Patient?_elements=id";

export const isForIds = ({ template }: Pick<Search, "template">): boolean => template === idsTemplate;

/** The searches that are made for each patient, with `{id}` for the patient's id. */
export function searchesByPatient({ types, perPatient, include }: SearchPlan): Search[] {
  const ofPatient = types.filter((type) => typeOf(type) !== "Patient" && !withoutPatient.has(typeOf(type)));
  if (perPatient === "everything") {
    const only = types.length === 0 ? "" : `?_type=${["Patient", ...ofPatient.map(typeOf)].join(",")}`;
    const request = `Patient/{id}/$everything${only}`;
    return [{ request, template: request, type: "Patient" }];
  }
  if (perPatient === undefined) return [];
  return ofPatient.map((search) => {
    const { request, type } = searchOf(search, include);
    const [path, parameters] = request.split("?");
    const ofOne = `${path}?patient=Patient/{id}${parameters === undefined ? "" : `&${parameters}`}`;
    return { request: ofOne, template: ofOne, type };
  });
}

export const isEverything = ({ template }: Pick<Search, "template">): boolean => template.includes("$everything");

/** What the pages of a search may be narrowed down by. */
export interface Narrowing {
  readonly since: string | null;
  readonly pageSize: number;
  readonly sorted: boolean;
}

/** The URL of the first page. Searches come in the order of `_lastUpdated`, so that they can be begun again in the middle. */
export function firstPage(
  baseUrl: string,
  search: Pick<Search, "request" | "template">,
  { since, pageSize, sorted }: Narrowing,
): string {
  const url = new URL(search.request, baseUrl);
  url.searchParams.set("_count", String(pageSize));
  if (isEverything(search)) {
    if (since !== null) url.searchParams.set("_since", since);
    return url.href;
  }
  if (sorted) url.searchParams.set("_sort", "_lastUpdated");
  return narrowed(url, since).href;
}

/** A search as it is counted: for all patients, and without what is given along. */
export function counted(search: Search, since: string | null): string {
  const url = new URL(search.request.replace(/\?patient=Patient\/\{id\}&?/, "?"), "http://base/");
  url.searchParams.delete("_include");
  const { pathname, search: parameters } = narrowed(url, since);
  return `${pathname.slice(1)}${parameters}`;
}

function narrowed(url: URL, since: string | null): URL {
  if (since !== null) url.searchParams.append("_lastUpdated", `ge${since}`);
  return url;
}

function searchOf(search: string, include: readonly string[]): Search {
  const type = typeOf(search);
  const included = include.filter((path) => path.startsWith(`${type}:`));
  const parameters = [search.split("?")[1] ?? "", ...included.map((path) => `_include=${encodeURIComponent(path)}`)];
  const query = parameters.filter((part) => part !== "").join("&");
  return { request: query === "" ? type : `${type}?${query}`, template: type, type };
}

function typeOf(search: string): string {
  const type = /^([A-Z][A-Za-z]{1,63})(\?.*)?$/s.exec(search)?.[1];
  if (type !== undefined) return type;
  throw new OmopipeError(
    "USAGE",
    `"${search}" is no search. Write a resource type, such as Condition, or Observation?category=laboratory.`,
  );
}
