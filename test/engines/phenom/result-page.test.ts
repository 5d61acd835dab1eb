import { describe, expect, it } from "vitest";
import { pageOf as page, pageQuerySchema, rowsOf } from "../../../src/engines/phenom/result-page.ts";

const letters = rowsOf(["a", "b", "c", "d", "e"]);

async function pageOf(query: Record<string, string>) {
  const { items, next_page_token, total_rows } = await page(letters, pageQuerySchema.parse(query));
  return { rows: items.join(""), next_page_token, total_rows };
}

describe("a page of results", () => {
  it("holds everything when it is large enough", async () => {
    expect(await pageOf({})).toEqual({ rows: "abcde", next_page_token: null, total_rows: 5 });
    expect((await pageOf({ page_size: "5" })).next_page_token).toBeNull();
  });

  it("leads to the next by its token", async () => {
    const pages = [await pageOf({ page_size: "2" })];
    while (pages.at(-1)?.next_page_token) {
      pages.push(await pageOf({ page_size: "2", page_token: pages.at(-1)?.next_page_token ?? "" }));
    }
    expect(pages.map((page) => page.rows)).toEqual(["ab", "cd", "e"]);
  });

  it("can be asked for by number, but a token counts more", async () => {
    expect((await pageOf({ page_size: "2", page: "3" })).rows).toBe("e");
    expect(await pageOf({ page_size: "2", page: "4" })).toMatchObject({ rows: "", next_page_token: null });
    expect((await pageOf({ page_size: "2", page: "3", page_token: "row-2" })).rows).toBe("cd");
  });

  it.each([{ page_size: "0" }, { page_size: "5001" }, { page_size: "ten" }, { page: "0" }, { page_token: "2" }])(
    "is refused for %j",
    (query) => {
      expect(pageQuerySchema.safeParse(query).success).toBe(false);
    },
  );
});
