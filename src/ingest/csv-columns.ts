import { basename } from "node:path";
import { type CsvFileMapping, csvFileKey } from "../../schemas/csv-mapping.ts";
import { literal, literalList } from "../warehouse/sql-text.ts";
import type { Warehouse } from "../warehouse/warehouse.ts";
import type { CsvFile } from "./csv-file.ts";
import { nameOfDelimiter } from "./csv-header.ts";
import { type CsvReference, csvReferences } from "./csv-references.ts";

/** A file that is about to land, and what the mapping says of it. */
export interface FileToCheck extends Pick<CsvFile, "name" | "path" | "delimiter" | "header"> {
  readonly mapping: CsvFileMapping;
}

/** Something that the mapping asks for and the file does not have. */
export interface MissingColumn extends Pick<CsvReference, "path"> {
  readonly file: string;
  readonly message: string;
}

/**
 * What a file's mapping asks for and its header does not have: a sentence each, with the column that was probably meant.
 * Columns of a joined file are sought in `headerOf` it, when it is there. The columns of a file that has none of those asked
 * for are not told, because its first line may be no header but somebody's data.
 */
export async function missingColumns(
  warehouse: Warehouse,
  { name, path: filePath, delimiter, mapping, header }: FileToCheck,
  headerOf: (file: string) => readonly string[] | undefined,
): Promise<MissingColumn[]> {
  const placed = csvReferences(mapping)
    .filter(({ mayBeAbsent }) => !mayBeAbsent)
    .map((reference) => ({ ...reference, ...sought(reference, name, mapping) }));
  const missing = placed.filter(({ file, columns }) => {
    const there = file === name ? header : headerOf(file);
    return there !== undefined && !columns.some((column) => includes(there, column));
  });
  // The name of the mapping may be a pattern.
  const where = csvFileKey(basename(filePath)) === csvFileKey(name) ? "" : ` in ${filePath}`;
  const own = placed.filter(({ file }) => file === name);
  if (own.length > 0 && own.every((reference) => missing.includes(reference))) {
    const asked = [...new Set(own.flatMap(({ columns }) => columns))];
    const message =
      `none of the columns ${asked.join(", ")} found${where}. Its first line must hold the names of the columns; ` +
      `it has ${header.length}, separated by ${nameOfDelimiter(delimiter)}.`;
    return [{ file: name, path: [], message }];
  }
  return Promise.all(
    missing.map(async ({ path, columns, file }) => {
      const there = file === name ? header : headerOf(file)!;
      const which = columns.length === 1 ? `column ${columns[0]}` : `none of the columns ${columns.join(", ")}`;
      const found = columns.length === 1 ? "not found" : "found";
      const closest = await closestName(warehouse, columns[0]!, there);
      const message = `${which} ${found}${file === name ? where : ` in ${file}`}; there are ${there.join(", ")}. Did you mean ${closest}?`;
      return { file: name, path, message };
    }),
  );
}

/** In which file the columns of a reference are sought. A list of columns is one of the file itself. */
function sought({ columns }: CsvReference, name: string, { join = {} }: CsvFileMapping) {
  const [, alias = "", column = ""] = /^(\w+)\.(.+)$/s.exec(columns[0] ?? "") ?? [];
  if (columns.length !== 1 || !Object.hasOwn(join, alias)) return { file: name, columns };
  return { file: join[alias]!.file, columns: [column] };
}

const includes = (names: readonly string[], name: string) =>
  names.some((each) => each.toLowerCase() === name.toLowerCase());

async function closestName(warehouse: Warehouse, name: string, names: readonly string[]): Promise<string> {
  const row = await warehouse.row<{ closest: string }>(
    `select arg_max(name, jaro_winkler_similarity(lower(name), lower(${literal(name)}))) as closest
     from (select unnest(${literalList(names)}) as name)`,
  );
  return row!.closest;
}
