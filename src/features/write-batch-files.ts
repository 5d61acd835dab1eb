import { mkdir, mkdtemp, readdir, rename, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { type BatchFileKind, batchFileKinds, batchFiles } from "../../schemas/phenom-files.ts";
import { OmopipeError } from "../pipeline/errors.ts";
import { identifier, literal } from "../warehouse/sql-text.ts";
import type { QueryOptions, Warehouse } from "../warehouse/warehouse.ts";

/** How the files of a batch are written. */
export interface BatchFileOptions {
  /** Compresses them: a tenth of the size, and several times the time. Default false. */
  readonly gzip?: boolean | undefined;
  /** A file that has become so large is followed by another one; before it is compressed. At least 10,000. Default 256 MB. */
  readonly fileSizeBytes?: number | undefined;
  /** Names of columns that a deployment reads instead of those of the contract. */
  readonly columns?: { readonly [Kind in BatchFileKind]?: Readonly<Record<string, string>> } | undefined;
}

/** A file that was written. */
export interface BatchFileWritten {
  readonly kind: BatchFileKind;
  readonly path: string;
  readonly bytes: number;
}

/** Smaller ones would be a file a row, and millions of files fill any disk. */
const smallestFile = 10_000;

/** What the columns of a list are in `features.history_event` and `features.history_code`. */
const eventColumns: Readonly<Record<string, string>> = {
  patient_id: "patient_id",
  lab_date: "day",
  diagnosis_date: "day",
  procedure_date: "day",
  medication_start: "day",
  loinc: "code",
  code: "code",
  code_type_name: "code_type",
  code_type: "code_type",
  value_abnormal: "abnormal",
};

/**
 * Writes the histories of some persons (`persons`: a query for person_id; none: of all) as the files of a batch, by DuckDB:
 * `diagnoses-1.csv`, `diagnoses-2.csv` …; kinds without rows have no file. Throws USAGE for a column that is none.
 */
export async function writeBatchFiles(
  warehouse: Warehouse,
  folder: string,
  options: BatchFileOptions & { readonly persons?: string | undefined },
  control: QueryOptions = {},
): Promise<BatchFileWritten[]> {
  const { persons, gzip = false, fileSizeBytes = 256 * 1024 ** 2 } = options;
  if (!Number.isInteger(fileSizeBytes) || fileSizeBytes < smallestFile) {
    throw new OmopipeError(
      "USAGE",
      `fileSizeBytes must be a whole number from ${smallestFile} on; ${fileSizeBytes} is none.`,
    );
  }
  const only = persons === undefined ? "" : `semi join (${persons}) using (person_id)`;
  const ending = gzip ? "csv.gz" : "csv";
  const format = `format csv, header, compression ${gzip ? "gzip" : "none"}, file_extension ${literal(ending)}`;
  await mkdir(folder, { recursive: true });
  const written: BatchFileWritten[] = [];
  for (const kind of batchFileKinds) {
    const rows =
      kind === "patients"
        ? `features.patient_history ${only}`
        : `features.history_event
           join (from features.history_code where kind = ${literal(kind)}) using (code_id)
           join (select person_id, patient_id from features.patient_history ${only}) using (person_id)`;
    const select = `select ${columnsOf(kind, options)} from ${rows}`;
    if (!(await warehouse.row(`${select} limit 1`, undefined, control))) continue;
    const temporary = await mkdtemp(join(folder, `.${kind}-`));
    try {
      await warehouse.run(
        `copy (${select}) to ${literal(join(temporary, "files"))} (${format}, file_size_bytes ${fileSizeBytes})`,
        undefined,
        control,
      );
      const files = await readdir(join(temporary, "files"));
      for (const [position, file] of files.entries()) {
        const path = join(folder, `${kind}-${position + 1}.${ending}`);
        await rename(join(temporary, "files", file), path);
        written.push({ kind, path, bytes: (await stat(path)).size });
      }
    } finally {
      await rm(temporary, { recursive: true, force: true });
    }
  }
  return written;
}

function columnsOf(kind: BatchFileKind, { columns = {} }: BatchFileOptions): string {
  const names = columns[kind] ?? {};
  const unknown = Object.keys(names).find((name) => !batchFiles[kind].columns.includes(name));
  if (unknown !== undefined) {
    throw new OmopipeError(
      "USAGE",
      `The ${kind} files have no column ${unknown}. They have: ${batchFiles[kind].columns.join(", ")}`,
    );
  }
  return batchFiles[kind].columns
    .map((name) => {
      const column = kind === "patients" ? name : eventColumns[name]!;
      return `${column} as ${identifier(names[name] ?? name)}`;
    })
    .join(", ");
}
