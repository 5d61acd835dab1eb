import type { JobResult, JobResultPage } from "../../../schemas/phenom.ts";
import { OmopipeError } from "../../pipeline/errors.ts";

/** Which page to ask for: the first (neither member), the one of a token, or the one of a number. */
export interface PagePosition {
  readonly page_token?: string;
  readonly page?: number;
}

/**
 * Walks the pages of a job's results by `next_page_token`. Deployments exist that know no `page_token` and count pages
 * instead: when the second page repeats the first row or the token of the first, the walk goes on by number, until a
 * page is empty or has no next token. When that does not move on either, it throws RESPONSE_INVALID, for it would never
 * end. `total_rows` decides nothing.
 *
 * Memory: one page, and two short keys for each page seen.
 */
export async function* resultPages(
  fetchPage: (position: PagePosition) => Promise<JobResultPage>,
): AsyncGenerator<readonly JobResult[]> {
  const seenRows = new Set<string>();
  const seenTokens = new Set<string>();
  const repeatsRow = ({ items }: JobResultPage): boolean => items[0] !== undefined && seenRows.has(rowKey(items[0]));
  const repeatsToken = ({ next_page_token }: JobResultPage): boolean => seenTokens.has(next_page_token ?? "");

  let byNumber = false;
  let page = await fetchPage({});
  for (let number = 2; ; number++) {
    const [first] = page.items;
    const token = page.next_page_token;
    if (first) yield page.items;
    if (!token || (byNumber && !first)) return;
    if (first) seenRows.add(rowKey(first));
    seenTokens.add(token);

    page = await fetchPage(byNumber ? { page: number } : { page_token: token });
    if (number === 2 && (repeatsRow(page) || repeatsToken(page))) {
      byNumber = true;
      page = await fetchPage({ page: number });
    }
    if (repeatsRow(page) || (!byNumber && repeatsToken(page))) throw stuckAt(number);
  }
}

function rowKey({ patient_id, outcome_id }: JobResult): string {
  return JSON.stringify([patient_id, outcome_id]);
}

function stuckAt(page: number): OmopipeError {
  return new OmopipeError(
    "RESPONSE_INVALID",
    `PhenOM repeats itself at page ${page} of GET /v1/job/{job_id}/results: neither page_token nor page moves on. ` +
      "Ask for larger pages, so that one is enough, and tell the operator of the service.",
  );
}
