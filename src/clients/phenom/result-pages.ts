import type { JobResult, JobResultPage } from "../../../schemas/phenom.ts";
import { OmopipeError } from "../../pipeline/errors.ts";

/** Which page to ask for: the first (neither member), the one of a token, or the one of a number. */
export interface PagePosition {
  readonly page_token?: string;
  readonly page?: number;
}

/**
 * Walks the pages of a job's results by `next_page_token`. Deployments exist that know no `page_token` and count pages
 * instead: when the second page brings nothing new, the walk goes on by number. When that does not move either, it
 * throws RESPONSE_INVALID, for it would never end. `total_rows` decides nothing.
 *
 * Memory: one page, and one short key for each page seen.
 */
export async function* resultPages(
  fetchPage: (position: PagePosition) => Promise<JobResultPage>,
): AsyncGenerator<readonly JobResult[]> {
  const seen = new Set<string>();
  const repeats = (page: JobResultPage): boolean => marksOf(page).some((mark) => seen.has(mark));

  let page = await fetchPage({});
  for (let number = 2, byNumber = false; ; number++) {
    for (const mark of marksOf(page)) seen.add(mark);
    if (page.items.length > 0) yield page.items;
    if (!page.next_page_token || (byNumber && page.items.length === 0)) return;

    const token = page.next_page_token;
    page = await fetchPage(byNumber ? { page: number } : { page_token: token });
    if (number === 2 && repeats(page)) {
      byNumber = true;
      page = await fetchPage({ page: number });
    }
    if (byNumber ? repeatsRow(page, seen) : repeats(page)) throw stuck(number);
  }
}

/** What a page must not share with an earlier one: its first row, and its token. */
function marksOf(page: JobResultPage): string[] {
  const marks = page.next_page_token ? [`token ${page.next_page_token}`] : [];
  return [...marks, ...rowMark(page)];
}

function repeatsRow(page: JobResultPage, seen: ReadonlySet<string>): boolean {
  return rowMark(page).some((mark) => seen.has(mark));
}

function rowMark({ items }: JobResultPage): string[] {
  const first = items[0];
  return first ? [`row ${JSON.stringify([first.patient_id, first.outcome_id])}`] : [];
}

function stuck(page: number): OmopipeError {
  return new OmopipeError(
    "RESPONSE_INVALID",
    `PhenOM repeats itself at page ${page} of GET /v1/job/{job_id}/results: neither page_token nor page moves on. ` +
      "Ask for larger pages, so that one is enough, and tell the operator of the service.",
  );
}
