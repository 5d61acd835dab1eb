import { describe, expect, it } from "vitest";
import type { JobResult, JobResultPage } from "../../../schemas/phenom.ts";
import { type PagePosition, walkPages } from "../../../src/clients/phenom/pages.ts";

/** Walks the pages that `serve` gives and notes what was asked for. */
async function walk(serve: (position: PagePosition) => JobResultPage) {
  const asked: PagePosition[] = [];
  const rows: string[] = [];
  const fetchPage = async (position: PagePosition) => {
    asked.push(position);
    if (asked.length > 20) throw new Error("endless");
    return serve(position);
  };
  const pages = walkPages("GET /rows", fetchPage, ([first]) => first?.outcome_id ?? "");
  const failure = await (async () => {
    for await (const page of pages) rows.push(...page.map((row) => row.outcome_id));
  })().catch((error: unknown) => error);
  return { asked, rows, failure };
}

function page(outcomes: string[], next_page_token?: string | null): JobResultPage {
  return { items: outcomes.map(row), next_page_token };
}

function row(outcome_id: string): JobResult {
  return {
    patient_id: "p",
    outcome_id,
    probability: 0.5,
    prob_lower_95_percent_bound: 0.4,
    prob_upper_95_percent_bound: 0.6,
    relative_probability: 1,
    rel_lower_95_percent_bound: 0.8,
    rel_upper_95_percent_bound: 1.2,
    bin_id: 5,
    num_bins: 10,
  };
}

describe("the walk over pages", () => {
  it("follows the tokens to the last page", async () => {
    const pages: Record<string, JobResultPage> = {
      first: page(["a", "b"], "t2"),
      t2: page(["c", "d"], "t3"),
      t3: page(["e"], null),
    };
    const { asked, rows, failure } = await walk(({ page_token = "first" }) => pages[page_token] ?? page([]));
    expect(failure).toBeUndefined();
    expect(rows).toEqual(["a", "b", "c", "d", "e"]);
    expect(asked).toEqual([{}, { page_token: "t2" }, { page_token: "t3" }]);
  });

  it("ends at a page without a token, whatever total_rows says", async () => {
    const { rows } = await walk(() => ({ ...page(["a"]), total_rows: 99 }));
    expect(rows).toEqual(["a"]);
  });

  it("goes on over an empty page that has a token", async () => {
    const { rows } = await walk(({ page_token }) => (page_token ? page(["b"]) : page([], "t2")));
    expect(rows).toEqual(["b"]);
  });

  it.each([
    ["repeats the first row", () => page(["a"], "other")],
    ["repeats the token", () => page(["x"], "t2")],
  ])("goes on by number when the second page %s", async (_name, second) => {
    const numbered = [page(["a"], "t2"), page(["b"], "t2"), page(["c"], null)];
    const { asked, rows, failure } = await walk((position) => {
      return position.page_token ? second() : (numbered[(position.page ?? 1) - 1] ?? page([]));
    });
    expect(failure).toBeUndefined();
    expect(rows).toEqual(["a", "b", "c"]);
    expect(asked).toEqual([{}, { page_token: "t2" }, { page: 2 }, { page: 3 }]);
  });

  it("by number ends at the first empty page of a server that always sends a token", async () => {
    const numbered = [page(["a"], "more"), page(["b"], "more")];
    const { rows, failure } = await walk((position) => numbered[(position.page ?? 1) - 1] ?? page([], "more"));
    expect(failure).toBeUndefined();
    expect(rows).toEqual(["a", "b"]);
  });

  it.each([
    ["always sends the same page", () => page(["a"], "t2")],
    [
      "goes back to an earlier token later on",
      ({ page_token }: PagePosition) =>
        ({ t2: page(["b"], "t3"), t3: page(["c"], "t2") })[page_token ?? ""] ?? page(["a"], "t2"),
    ],
  ])("fails loudly when the server %s", async (_name, serve) => {
    const { failure } = await walk(serve);
    expect(failure).toMatchObject({ code: "RESPONSE_INVALID" });
    expect(String(failure)).toContain("repeats itself");
  });
});
