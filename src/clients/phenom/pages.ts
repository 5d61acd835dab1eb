import type { Page } from "../../../schemas/phenom.ts";
import { OmopipeError } from "../../pipeline/errors.ts";

/** Which page to ask for: the first (neither member), the one of a token, or the one of a number. */
export interface PagePosition {
  readonly page_token?: string;
  readonly page?: number;
}

/**
 * Walks pages by `next_page_token`. Deployments exist that know no `page_token` and count pages instead: when the second
 * page repeats the key or the token of the first, the walk goes on by number, until a page is empty or has no next token.
 * When that does not move on either, it throws RESPONSE_INVALID, for it would never end. `total_rows` decides nothing.
 *
 * `keyOf` tells a page from all others: its first row where rows differ, else all of it.
 *
 * Memory: one page, and two short keys for each page seen.
 */
export async function* walkPages<Item>(
  operation: string,
  fetchPage: (position: PagePosition) => Promise<Page<Item>>,
  keyOf: (items: readonly Item[]) => string,
): AsyncGenerator<readonly Item[]> {
  const seenPages = new Set<string>();
  const seenTokens = new Set<string>();
  const repeatsPage = ({ items }: Page<Item>): boolean => items.length > 0 && seenPages.has(keyOf(items));
  const repeatsToken = ({ next_page_token }: Page<Item>): boolean => seenTokens.has(next_page_token ?? "");

  let byNumber = false;
  let page = await fetchPage({});
  for (let number = 2; ; number++) {
    const { items, next_page_token: token } = page;
    const empty = items.length === 0;
    if (!empty) yield items;
    if (!token || (byNumber && empty)) return;
    if (!empty) seenPages.add(keyOf(items));
    seenTokens.add(token);

    page = await fetchPage(byNumber ? { page: number } : { page_token: token });
    if (number === 2 && (repeatsPage(page) || repeatsToken(page))) {
      byNumber = true;
      page = await fetchPage({ page: number });
    }
    if (repeatsPage(page) || (!byNumber && repeatsToken(page))) throw stuckAt(operation, number);
  }
}

function stuckAt(operation: string, page: number): OmopipeError {
  return new OmopipeError(
    "RESPONSE_INVALID",
    `PhenOM repeats itself at page ${page} of ${operation}: neither page_token nor page moves on. ` +
      "Ask for larger pages, so that one is enough, and tell the operator of the service.",
  );
}
