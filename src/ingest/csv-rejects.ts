import type { Warehouse } from "../warehouse/warehouse.ts";
import type { BadRecord } from "./csv-splitter.ts";
import { quarantine } from "./landing-files.ts";
import type { Problem } from "./quarantine.ts";

/** Something of a file that is put aside; without a line, the file as a whole. */
export type Reject = BadRecord | Problem;

/**
 * Puts rows aside: in `meta.quarantine` by place and reason, and in `meta.csv_reject` with what stands there, so that it can
 * be corrected and fed back.
 */
export async function rejectRows(
  warehouse: Warehouse,
  file: { readonly path: string; readonly header: readonly string[] },
  rejects: readonly Reject[],
  runId: string,
): Promise<void> {
  if (rejects.length === 0) return;
  const rows = rejects.map((reject) => {
    const { line, cell, value, text } = {
      line: undefined,
      cell: undefined,
      value: undefined,
      text: undefined,
      ...reject,
    };
    const { code, reason } = reject;
    return {
      path: file.path,
      line,
      column_name: cell === undefined ? undefined : file.header[cell],
      value,
      code,
      reason,
      row: text,
    };
  });
  await quarantine(warehouse, rows, runId);
  await warehouse.run(
    `insert into meta.csv_reject
     select file.file_id, reject.line, reject.column_name, reject.value, reject.code, reject.reason, reject."row", $2, null
     from (
       select unnest(json_transform($1::json,
         '[{"path":"VARCHAR","line":"BIGINT","column_name":"VARCHAR","value":"VARCHAR","code":"VARCHAR","reason":"VARCHAR","row":"VARCHAR"}]'
       ), recursive := true)
     ) reject
     join landing_file file using (path)`,
    [JSON.stringify(rows), runId],
  );
}

/** The columns of a file of rejects (`rejects.csv`), by which it is known for one. */
export const rejectColumns = ["file", "line", "column", "value", "code", "reason", "row"];

/** Whether a file is one of rejects, perhaps corrected. */
export function isFileOfRejects({ header }: { readonly header: readonly string[] }): boolean {
  return header.length === rejectColumns.length && header.every((name, i) => name === rejectColumns[i]);
}
