import { Document } from "yaml";
import { csvTableName } from "../../../schemas/csv-mapping.ts";
import { draftFile } from "./draft-file.ts";
import type { CsvFileProfile } from "./profile-csv.ts";

/**
 * The draft of a mapping for the files that were profiled, as YAML: it runs as it is where columns are named as is usual, and
 * is to be read and completed by somebody who knows the data. Comments say what is uncertain; files that are not understood are
 * listed as ignored, with the reason.
 *
 * @example
 * await writeFile("hospital.yaml", draftCsvMapping(await profileCsv("export/")));
 */
export function draftCsvMapping(profiles: readonly CsvFileProfile[], name = "draft"): string {
  const drafts = profiles.map((file) => ({ file, ...draftFile(file) }));
  const mapped = uniqueTables(drafts.filter(({ mapping }) => mapping !== undefined));
  const ignored = drafts.filter((draft) => !mapped.includes(draft));
  const document = new Document({
    name,
    files: Object.fromEntries(mapped.map(({ file, mapping }) => [file.name, mapping])),
    ...(ignored.length > 0 ? { ignored: ignored.map(({ file }) => file.name) } : {}),
  });
  document.commentBefore =
    " A draft, made from the names of columns and what is in them. Read it, complete it, and compare the report of a run with\n" +
    " what you know of the data.";
  for (const { file, remarks } of mapped) comment(document, ["files", file.name], remarks);
  for (const [i, { remarks }] of ignored.entries()) comment(document, ["ignored", i], remarks);
  return document.toString({ lineWidth: 120 });
}

/** Two files of one name, in different folders, would share a table: the first is taken. */
function uniqueTables<D extends { readonly file: CsvFileProfile }>(drafts: readonly D[]): D[] {
  const first = new Map(drafts.toReversed().map((draft) => [csvTableName(draft.file.name), draft]));
  return drafts.filter((draft) => first.get(csvTableName(draft.file.name)) === draft);
}

function comment(document: Document, path: readonly (string | number)[], remarks: readonly string[]): void {
  if (remarks.length === 0) return;
  const parent = document.getIn(path.slice(0, -1), true) as {
    items: { key?: { value: unknown; commentBefore?: string } }[];
  };
  const last = path.at(-1)!;
  const node =
    typeof last === "number" ? document.getIn(path, true) : parent.items.find(({ key }) => key?.value === last)?.key;
  (node as { commentBefore?: string }).commentBefore = remarks.map((remark) => ` ${remark}`).join("\n");
}
