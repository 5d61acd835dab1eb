import { z } from "zod";
import type { Page } from "../../../schemas/phenom.ts";

/** The query of everything that is read in pages. A token counts more than a page number. */
export const pageQuerySchema = z.object({
  page_size: z.coerce.number().int().min(1).max(5000).default(1000),
  page: z.coerce.number().int().min(1).default(1),
  /** Opaque to callers: the offset of the page's first row, behind a mark. */
  page_token: z
    .string()
    .regex(/^row-\d{1,9}$/, "Not a token of this service")
    .optional(),
});

/** Rows of any origin that can be read from any place on. */
export interface Rows<Row> {
  readonly total: number;
  read(offset: number, limit: number): readonly Row[] | Promise<readonly Row[]>;
}

/** The rows that the query asks for, and the token of the page after them. */
export async function pageOf<Row>(rows: Rows<Row>, query: z.infer<typeof pageQuerySchema>): Promise<Page<Row>> {
  const { page_size, page, page_token } = query;
  const start = page_token === undefined ? (page - 1) * page_size : Number(page_token.slice("row-".length));
  const end = start + page_size;
  return {
    items: await rows.read(start, page_size),
    next_page_token: end < rows.total ? `row-${end}` : null,
    total_rows: rows.total,
  };
}

/** Rows that are all at hand. */
export function rowsOf<Row>(rows: readonly Row[]): Rows<Row> {
  return { total: rows.length, read: (offset, limit) => rows.slice(offset, offset + limit) };
}
