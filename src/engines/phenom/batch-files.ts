import { createReadStream } from "node:fs";
import { open } from "node:fs/promises";
import { Writable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { createGunzip } from "node:zlib";
import { batchFiles } from "../../../schemas/phenom-files.ts";
import { identifier, literal, pathLiteral, sqlText } from "../../warehouse/sql-text.ts";
import type { Upload } from "./batches.ts";
import type { ObjectStore } from "./object-store.ts";
import type { RowDatabase } from "./rows.ts";

/** What is wrong with a file as a whole. */
export interface FileFault {
  readonly object_type: string;
  readonly file: string;
  readonly message: string;
}

/** What stands against reading these files. Columns may be in any order, and unknown ones do no harm. */
export async function faultsOf(
  database: RowDatabase,
  store: ObjectStore,
  files: readonly Upload[],
): Promise<FileFault[]> {
  const faults: FileFault[] = [];
  for (const { kind, key, objectType: object_type, filename: file } of files) {
    const path = store.pathOf(key);
    if (!(await isWhole(path))) {
      faults.push({ object_type, file, message: `The ${object_type} file breaks off, or is damaged` });
      continue;
    }
    const columns = await columnsOf(database, path);
    if (columns === undefined) {
      faults.push({ object_type, file, message: `The ${object_type} file could not be read as CSV` });
      continue;
    }
    for (const column of batchFiles[kind].columns) {
      if (columns.has(column) || batchFiles[kind].optional.includes(column)) continue;
      faults.push({ object_type, file, message: `Column ${column} is missing in the ${object_type} file` });
    }
  }
  return faults;
}

/** Reads a file into the tables of a job; `number` tells it from the others. Gives the fault of one that breaks off. */
export async function readFile(
  database: RowDatabase,
  store: ObjectStore,
  job: string,
  upload: Upload,
  number: number,
): Promise<FileFault | undefined> {
  try {
    await readRows(database, store, job, upload, number);
    return undefined;
  } catch {
    // What was put aside of this file would be in the way of the next.
    await database.run("drop table if exists csv_reject; drop table if exists csv_reject_scan");
    const { objectType: object_type, filename: file } = upload;
    return { object_type, file, message: `The ${object_type} file could not be read to its end` };
  }
}

async function readRows(
  database: RowDatabase,
  store: ObjectStore,
  job: string,
  upload: Upload,
  number: number,
): Promise<void> {
  const { kind, filename } = upload;
  const { columns, day, codeSystem } = batchFiles[kind];
  const rejects = "store_rejects => true, rejects_table => 'csv_reject', rejects_scan => 'csv_reject_scan'";
  const common = {
    job,
    csv: await csvReader(store.pathOf(upload.key), rejects),
    file_number: String(number),
    file: literal(filename),
    kind: literal(kind),
    object_type: literal(upload.objectType),
    patient_id: identifier("patient_id"),
  };
  if (day === undefined) {
    const [, birth_date, sex, zip3] = columns.map(identifier) as [string, string, string, string];
    await database.run(sqlText(import.meta.url, "sql/read-patients.sql", { ...common, birth_date, sex, zip3 }));
  } else {
    const code = columns[2]!;
    await database.run(
      sqlText(import.meta.url, "sql/read-events.sql", {
        ...common,
        day: identifier(day),
        code: identifier(code),
        code_type: codeSystem === undefined ? "'LOINC'" : identifier(codeSystem),
        day_fault: literal(`${day} is no day (YYYY-MM-DD)`),
        code_fault: literal(`${code} is missing`),
        code_type_fault: literal(`${codeSystem} is missing`),
      }),
    );
  }
  await database.run(sqlText(import.meta.url, "sql/keep-unreadable-rows.sql", common));
}

async function columnsOf(database: RowDatabase, path: string): Promise<Set<string> | undefined> {
  try {
    const reader = await csvReader(path, "ignore_errors => true");
    const columns = await database.rows<{ column_name: string }>(`describe from ${reader}`);
    return new Set(columns.map(({ column_name }) => column_name));
  } catch {
    return undefined;
  }
}

async function csvReader(path: string, more: string): Promise<string> {
  const compression = (await isGzip(path)) ? "gzip" : "none";
  return `read_csv(${pathLiteral(path)}, header => true, all_varchar => true, delim => ',', quote => '"', escape => '"',
    compression => '${compression}', ${more})`;
}

/** DuckDB takes what it finds of a gzip that breaks off for the whole. */
async function isWhole(path: string): Promise<boolean> {
  if (!(await isGzip(path))) return true;
  const nowhere = new Writable({ write: (_chunk, _encoding, done) => done() });
  return await pipeline(createReadStream(path), createGunzip(), nowhere).then(
    () => true,
    () => false,
  );
}

async function isGzip(path: string): Promise<boolean> {
  await using file = await open(path);
  const { buffer, bytesRead } = await file.read(Buffer.alloc(2), 0, 2, 0);
  return bytesRead === 2 && buffer.readUInt16BE() === 0x1f8b;
}
