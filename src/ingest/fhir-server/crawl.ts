import type { FhirClient, Page, Resource } from "../../clients/fhir/fhir-client.ts";
import { statusOf } from "../../clients/http/failures.ts";
import { OmopipeError } from "../../pipeline/errors.ts";
import { inParallel } from "../download/in-parallel.ts";
import type { Line, PageFiles } from "../download/page-files.ts";
import type { ProblemCounts } from "../download/problem-counts.ts";
import type { Binaries } from "./binaries.ts";
import type { Part } from "./parts.ts";
import { firstPage, isEverything, isForIds, withoutPatient } from "./searches.ts";

export interface CrawlContext {
  readonly client: FhirClient;
  readonly files: PageFiles;
  readonly binaries: Binaries;
  readonly since: string | null;
  readonly pageSize: number;
  readonly concurrency: number;
  readonly signal: AbortSignal;
  readonly onResources: (count: number) => void;
  /** What belongs to no patient and was given along with one already: "Organization/1". */
  readonly givenAlong: Set<string>;
  /** What the server says went wrong in answers that it gave all the same. */
  readonly problems: ProblemCounts;
}

/** Reads all pages of some searches, several searches at once, each page after page. What was read is committed, even if one fails. */
export async function crawl(parts: readonly Part[], context: CrawlContext): Promise<void> {
  try {
    await inParallel(parts, context.concurrency, (part, stopped) => readPages(part, context, stopped));
  } finally {
    await context.files.flush();
  }
}

/** How often a server may forget where a search is without anything new in between. */
const mostRestarts = 3;

async function readPages(part: Part, context: CrawlContext, stopped: () => boolean): Promise<void> {
  let now: Part = part;
  let passed: string | undefined;
  while (now.state === "waiting" && !stopped()) {
    const url = now.next_url ?? pageToBeginWith(now, context);
    let page: Page;
    try {
      page = await readPage(url, now, context);
    } catch (error) {
      now = afterRefusal(now, error);
      passed = undefined;
      if (now.state === "missing") await context.files.add([], now);
      continue;
    }
    if (page.next !== undefined && page.next === passed) {
      // The next run does not go on in the round.
      await context.files.add([], { ...now, next_url: null });
      throw goesRound(now);
    }
    const lines = await linesOf(page, now, context);
    for (const { resource } of page.bundle.entry ?? []) {
      if (resource?.resourceType === "OperationOutcome") context.problems.add(resource);
    }
    now = {
      ...now,
      ...orderOf(page, now),
      pages: now.pages + 1,
      next_url: page.next ?? null,
      state: page.next === undefined ? "done" : "waiting",
    };
    // Pages that go round come back to one of these, however many there are.
    if (Number.isInteger(Math.log2(now.pages))) passed = url;
    await context.files.add(lines, now, page.serverTime);
    context.onResources(lines.length);
  }
}

function pageToBeginWith(part: Part, { client, pageSize, ...context }: CrawlContext): string {
  const since = isForIds(part) ? null : context.since;
  const from = part.sorted && part.restarts > 0 ? (part.watermark ?? since) : since;
  return firstPage(client.baseUrl, part, { since: from, pageSize, sorted: part.sorted });
}

function readPage(url: string, part: Part, { client, signal }: CrawlContext): Promise<Page> {
  const ids = /^Patient\/([^/?]+)|[?&]patient=Patient\/([^&]+)/.exec(part.request)?.slice(1);
  return client.page(url, `GET /${part.template}`, { signal, confidential: ids?.filter(Boolean) });
}

function goesRound({ template }: Part): OmopipeError {
  return new OmopipeError(
    "RESPONSE_INVALID",
    `The pages that the FHIR server gives to GET /${template} go round: the link to the next leads back to one that was read. ` +
      "This is a fault of the server; other page sizes (pageSize) may avoid it.",
  );
}

/** What to do when a page could not be had: begin again where the server has forgotten it, or without an order it cannot give. */
function afterRefusal(part: Part, error: unknown): Part {
  const status = statusOf(error);
  if (status === 400 && part.next_url === null && part.sorted && !isEverything(part)) return { ...part, sorted: false };
  if (status !== 410 && status !== 404) throw error;
  // A patient who was there when all were listed.
  if (part.next_url === null && isEverything(part)) return { ...part, state: "missing" };
  if (part.next_url === null) throw error;
  if (part.restarts < mostRestarts) return { ...part, next_url: null, restarts: part.restarts + 1 };
  throw new OmopipeError(
    "HTTP_STATUS",
    `The FHIR server forgets the pages of GET /${part.template} (${status}) before they are read. ` +
      "Ask for larger pages (pageSize) or fewer at once (concurrency), or for less with each search.",
    { cause: error instanceof Error ? error.cause : error },
  );
}

/** How far a search has come by `meta.lastUpdated`, if its resources really come in that order. */
function orderOf({ bundle }: Page, part: Part): Pick<Part, "watermark" | "sorted" | "restarts"> {
  let { watermark, sorted, restarts } = part;
  for (const { resource, search } of entriesOf(bundle)) {
    if (search?.mode === "include") continue;
    const { lastUpdated } = (resource.meta ?? {}) as { lastUpdated?: unknown };
    if (typeof lastUpdated !== "string" || (watermark !== null && Date.parse(lastUpdated) < Date.parse(watermark))) {
      sorted = false;
    } else if (watermark === null || Date.parse(lastUpdated) > Date.parse(watermark)) {
      watermark = lastUpdated;
      restarts = 0;
    }
  }
  return { watermark, sorted, restarts };
}

async function linesOf({ bundle }: Page, part: Part, context: CrawlContext): Promise<Line[]> {
  const { binaries, givenAlong, signal } = context;
  const lines: Line[] = [];
  for (const { resource, search } of entriesOf(bundle)) {
    if (!/^[A-Z][A-Za-z]{1,63}$/.test(resource.resourceType)) {
      throw new OmopipeError(
        "RESPONSE_INVALID",
        `The FHIR server gave a resource without a proper type to GET /${part.template}.`,
      );
    }
    const found = resource.resourceType === part.resource_type && search?.mode !== "include";
    if (isForIds(part)) {
      const { resourceType, id } = resource;
      if (found) lines.push({ type: resourceType, role: "id", text: JSON.stringify({ resourceType, id }) });
      continue;
    }
    if (!found && withoutPatient.has(resource.resourceType)) {
      const key = `${resource.resourceType}/${resource.id}`;
      if (givenAlong.has(key)) continue;
      givenAlong.add(key);
    }
    // The patient was found by a search already.
    if (found && isEverything(part)) continue;
    await binaries.fill(resource, signal);
    lines.push(lineOf(resource, found));
  }
  return lines;
}

/** The entries with a resource; what the server has to say about the search (an OperationOutcome) is none of them. */
function* entriesOf({ entry }: Page["bundle"]) {
  for (const { resource, search } of entry ?? []) {
    if (!resource || search?.mode === "outcome" || resource.resourceType === "OperationOutcome") continue;
    yield { resource, search };
  }
}

const lineOf = (resource: Resource, found: boolean): Line => ({
  type: resource.resourceType,
  role: found ? "match" : "include",
  text: JSON.stringify(resource),
});

/** Reads resources that others refer to, once each. Those that the server does not have, or does not give, are marked as missing. */
export async function hydrate(parts: readonly Part[], context: CrawlContext): Promise<void> {
  const { client, files, signal } = context;
  try {
    await inParallel(parts, context.concurrency, async (part) => {
      const id = decodeURIComponent(part.request.split("/")[1]!);
      const resource = await client.read(part.resource_type, id, { signal }).catch((error: unknown) => {
        if ([403, 404, 410].includes(statusOf(error) ?? 0)) return undefined;
        throw error;
      });
      const line = resource?.resourceType === part.resource_type ? [lineOf(resource, false)] : [];
      await files.add(line, { ...part, state: line.length === 0 ? "missing" : "done", pages: 1 });
      context.onResources(line.length);
    });
  } finally {
    await files.flush();
  }
}
