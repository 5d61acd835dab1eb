import { basename } from "node:path";
import {
  type CsvFileMapping,
  type CsvMapping,
  csvFileKey,
  csvNameFits,
  csvTableName,
} from "../../schemas/csv-mapping.ts";
import { identifier } from "../warehouse/sql-text.ts";
import { openCsvFile } from "./csv-bytes.ts";
import type { CsvHeader } from "./csv-header.ts";
import { columnsNamedIn } from "./csv-references.ts";
import { scanCsv } from "./csv-scan.ts";
import type { Problem } from "./quarantine.ts";

/** Where a file has its place in a mapping. */
export interface CsvPlace {
  /** Its name in the mapping, or where the mapping does not name it, its own: "conditions.csv". */
  readonly name: string;
  /** Undefined: the rows are counted and ignored. */
  readonly mapping: CsvFileMapping | undefined;
}

/** A file or stream that is about to land. */
export interface CsvFile extends CsvHeader, CsvPlace {
  /** As `meta.file` names it. */
  readonly path: string;
  readonly bytes: number;
  /** Records after the header, as they were counted; undefined: of a stream, which is read once. */
  readonly records: number | undefined;
  /** How DuckDB can read it; undefined: it must be read record by record. */
  readonly atOnce: { readonly gzip: boolean } | undefined;
  /** Its bytes as UTF-8, the header among them. */
  open(): Promise<AsyncIterable<Buffer>>;
  /** Why it cannot be read at all. */
  readonly problem?: Problem | undefined;
}

/** The place of a file in the mapping: by its name, else by the first pattern that it fits. */
export function placeInMapping(path: string, mapping: CsvMapping): CsvPlace {
  const key = csvFileKey(basename(path));
  const names = Object.keys(mapping.files);
  const name = names.find((each) => csvFileKey(each) === key) ?? names.find((each) => csvNameFits(key, each));
  return { name: name ?? key, mapping: name === undefined ? undefined : mapping.files[name] };
}

/** Looks at a file as the mapping says it is written. */
export async function csvFileAt(path: string, mapping: CsvMapping, signal: AbortSignal): Promise<CsvFile> {
  const place = placeInMapping(path, mapping);
  const { delimiter, encoding } = place.mapping ?? {};
  const { gzip, careful, ...scanned } = await scanCsv(path, { delimiter, encoding }, signal);
  return {
    ...scanned,
    ...place,
    atOnce: careful ? undefined : { gzip },
    open: async () => (await openCsvFile(path, encoding, signal)).chunks,
  };
}

/** The landing table of a file, with its schema. */
export function landingTable({ name }: Pick<CsvFile, "name">): string {
  return `landing.${identifier(csvTableName(name))}`;
}

/** The columns in which rows of a file land. A function may give them all that its mapping names. */
export function landingColumns(
  { header, mapping }: Pick<CsvFile, "header" | "mapping">,
  isTransformed: boolean,
): readonly string[] {
  if (!isTransformed || mapping === undefined) return header;
  const there = new Set(header.map((name) => name.toLowerCase()));
  const more = columnsNamedIn(mapping).filter((name) => !there.has(name.toLowerCase()));
  return [...header, ...more];
}
