import { z } from "zod";
import type { JobResult, JobResultPage } from "../../../schemas/phenom.ts";

/** The query of `GET /v1/job/{job_id}/results`. A token counts more than a page number. */
export const pageQuerySchema = z.object({
  page_size: z.coerce.number().int().min(1).max(5000).default(1000),
  page: z.coerce.number().int().min(1).default(1),
  /** Opaque to callers: the offset of the page's first row, behind a mark. */
  page_token: z
    .string()
    .regex(/^row-\d{1,9}$/, "Not a token of this service")
    .optional(),
});

/** The rows that the query asks for, and the token of the page after them. */
export function resultPage(rows: readonly JobResult[], query: z.infer<typeof pageQuerySchema>): JobResultPage {
  const { page_size, page, page_token } = query;
  const start = page_token === undefined ? (page - 1) * page_size : Number(page_token.slice("row-".length));
  const end = start + page_size;
  return {
    items: rows.slice(start, end),
    next_page_token: end < rows.length ? `row-${end}` : null,
    total_rows: rows.length,
  };
}
