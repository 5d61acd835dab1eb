import { pathLiteral } from "../warehouse/sql-text.ts";
import type { Warehouse } from "../warehouse/warehouse.ts";
import type { FileOfSource } from "./landing-files.ts";
import type { LandingTable } from "./landing-tables.ts";
import type { Refused } from "./quarantine.ts";
import type { SniffedFile } from "./sniff-file.ts";

/** A file with the system that it comes from. */
export interface FhirFile extends SniffedFile, FileOfSource {}

/** Which way each file goes: the fast ways first, the careful ones for files that need them. */
export interface LandingPlan {
  readonly files: readonly FhirFile[];
  /** NDJSON files of a landed type that hold something else too, or elements of wrong types: they are staged. */
  readonly staged: ReadonlySet<string>;
  /** Files that are read line by line in JavaScript, because DuckDB's reader gives up on them. */
  readonly byLine: ReadonlySet<string>;
  /** Files that cannot be read at all. */
  readonly refused: readonly Refused[];
  /** A document that is in memory already, under the name that it has in the books. */
  readonly inMemory?: FileOfSource & { readonly value: unknown };
}

export interface LandingContext {
  readonly warehouse: Warehouse;
  readonly tables: readonly LandingTable[];
  /** Records may name their patient by an identifier; all files are staged then. */
  readonly patientsByIdentifier?: boolean;
  readonly runId: string;
  readonly signal: AbortSignal;
  readonly onFiles: (done: number) => void;
}

/** What DuckDB's JSON reader takes at once of itself. A document that is bigger is read in a way of its own. */
export const ordinaryBytes = 16_777_216;

/**
 * What a line may have to go straight into its table; a file with a longer one is staged. The reader's buffers are twice as big: a
 * file of several is shared among threads, and small ones stay in the processor's cache.
 */
export const directBytes = 4_194_304;

/** A resource that is bigger is handled with care for memory. */
export const largeBytes = 1_000_000;

/** Files that one statement can read together: packed alike, and of ordinary size. A huge document is read alone. */
export function groups(files: readonly SniffedFile[]) {
  const huge = files.filter((file) => file.documentBytes > ordinaryBytes && file.format === "document");
  const ordinary = files.filter((file) => !huge.includes(file));
  const sets = [
    ordinary.filter((file) => file.gzip),
    ordinary.filter((file) => !file.gzip),
    ...huge.map((file) => [file]),
  ];
  return sets
    .filter((set) => set.length > 0)
    .map((set) => ({
      files: set,
      parts: {
        files: `[${set.map(({ path }) => pathLiteral(path)).join(", ")}]`,
        compression: set[0]!.gzip ? "'gzip'" : "'uncompressed'",
        maximum_object_size: String(Math.max(ordinaryBytes, ...set.map((file) => file.documentBytes + 1))),
      },
    }));
}
