import { describe, expect, it } from "vitest";
import type { JobResult } from "../../../schemas/phenom.ts";
import { pageQuerySchema, resultPage } from "../../../src/engines/phenom/result-page.ts";

const rows = ["a", "b", "c", "d", "e"].map((outcome_id) => ({ outcome_id })) as JobResult[];

function pageOf(query: Record<string, string>) {
  const { items, next_page_token, total_rows } = resultPage(rows, pageQuerySchema.parse(query));
  return { rows: items.map(({ outcome_id }) => outcome_id).join(""), next_page_token, total_rows };
}

describe("a page of results", () => {
  it("holds everything when it is large enough", () => {
    expect(pageOf({})).toEqual({ rows: "abcde", next_page_token: null, total_rows: 5 });
    expect(pageOf({ page_size: "5" }).next_page_token).toBeNull();
  });

  it("leads to the next by its token", () => {
    const pages = [pageOf({ page_size: "2" })];
    while (pages.at(-1)?.next_page_token) {
      pages.push(pageOf({ page_size: "2", page_token: pages.at(-1)?.next_page_token ?? "" }));
    }
    expect(pages.map((page) => page.rows)).toEqual(["ab", "cd", "e"]);
  });

  it("can be asked for by number, but a token counts more", () => {
    expect(pageOf({ page_size: "2", page: "3" }).rows).toBe("e");
    expect(pageOf({ page_size: "2", page: "4" })).toMatchObject({ rows: "", next_page_token: null });
    expect(pageOf({ page_size: "2", page: "3", page_token: "row-2" }).rows).toBe("cd");
  });

  it.each([{ page_size: "0" }, { page_size: "5001" }, { page_size: "ten" }, { page: "0" }, { page_token: "2" }])(
    "is refused for %j",
    (query) => {
      expect(pageQuerySchema.safeParse(query).success).toBe(false);
    },
  );
});
