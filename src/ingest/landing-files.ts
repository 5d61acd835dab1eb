import { countInRun } from "../warehouse/ledger.ts";
import { literal, sqlText } from "../warehouse/sql-text.ts";
import type { Warehouse } from "../warehouse/warehouse.ts";
import type { Refused } from "./quarantine.ts";

/** A file, and the system that it comes from. */
export interface FileOfSource {
  readonly source: string;
  readonly path: string;
}

/** A file about to be landed. */
export interface FileToLand extends FileOfSource {
  readonly format: string;
  readonly bytes: number;
  readonly modified?: string | undefined;
  /** Of the tables that it lands in. */
  readonly layout?: string | undefined;
}

/**
 * Numbers the files of a landing in `meta.file` and in the temporary table `landing_file`. What the books hold of a file
 * that was landed before is forgotten; its number stays. Gives whether there was such a file.
 */
export async function registerFiles(
  warehouse: Warehouse,
  files: readonly FileToLand[],
  runId: string,
): Promise<boolean> {
  const statements = sqlText(import.meta.url, "sql/register-files.sql", { run_id: literal(runId) });
  const [create, insert, note] = statements.split(";\n\n");
  await warehouse.run(create!);
  await warehouse.run(insert!, [
    JSON.stringify(
      files.map(({ source, path, format, bytes, modified, layout }) => ({
        source,
        path,
        format,
        bytes,
        modified,
        layout,
      })),
    ),
  ]);
  const known = await warehouse.row("select 1 from landing_file semi join meta.file using (file_id) limit 1");
  if (known) await warehouse.run(sqlText(import.meta.url, "sql/forget-files.sql"));
  await warehouse.run(note!);
  return known !== undefined;
}

/** Keeps with the run what was read of the files of a landing, which are in `meta.file`. To be called in its transaction. */
export async function countLanding(
  { warehouse, runId }: { readonly warehouse: Warehouse; readonly runId: string },
  stage: string,
  { landed, unchanged }: { readonly landed: readonly FileOfSource[]; readonly unchanged: number },
): Promise<void> {
  const read = await warehouse.row<Record<string, number>>(
    `select
       coalesce(sum(read), 0)::bigint as read,
       coalesce(sum(ignored), 0)::bigint as ignored,
       coalesce(sum(quarantined), 0)::bigint as quarantined,
       coalesce(sum(superseded), 0)::bigint as superseded
     from meta.file_records
     join meta.file using (file_id)
     semi join (select unnest(from_json($1::json, '[{"source":"VARCHAR","path":"VARCHAR"}]'), recursive := true)) using (source, path)`,
    [JSON.stringify(landed.map(({ source, path }) => ({ source, path })))],
  );
  await countInRun({ target: warehouse, runId }, stage, { files: landed.length, unchanged, ...read });
}

/** Writes what was refused into `meta.quarantine`. Its files are those of `landing_file`. */
export async function quarantine(warehouse: Warehouse, refused: readonly Refused[], runId: string): Promise<void> {
  if (refused.length === 0) return;
  await warehouse.run(
    `insert into meta.quarantine
     select file.file_id, refused.line, refused.byte, refused.code, refused.reason, $2
     from (
       select unnest(json_transform($1::json,
         '[{"path":"VARCHAR","line":"BIGINT","byte":"BIGINT","code":"VARCHAR","reason":"VARCHAR"}]'), recursive := true)
     ) refused
     join landing_file file using (path)`,
    [JSON.stringify(refused), runId],
  );
}
