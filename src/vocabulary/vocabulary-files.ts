import { createHash } from "node:crypto";
import { readdir, stat } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";
import { cdmTables } from "../../schemas/cdm.ts";
import { messageOf, OmopipeError } from "../pipeline/errors.ts";
import { readLayout } from "./file-layout.ts";

/** A file that holds a table of the vocabulary. */
export interface VocabularyFile {
  readonly table: string;
  readonly path: string;
}

/** A folder or file that was named as a vocabulary. */
export interface VocabularyPart {
  /** The folder or file itself. */
  readonly path: string;
  /** The folder that it is, or lies in. */
  readonly folder: string;
  readonly files: readonly VocabularyFile[];
  /** Changes whenever a file does. */
  readonly fingerprint: string;
}

/** The ten tables of the vocabulary. */
export const vocabularyTables = cdmTables.filter((table) => table.group === "vocabulary");

/** How to get a vocabulary, for messages. */
export const howToGetVocabulary =
  "Download one from Athena (athena.ohdsi.org: log in, choose at least SNOMED, LOINC, RxNorm, CVX, UCUM and the ICD " +
  "vocabularies, unpack the ZIP) and name the unpacked folder with --vocabulary DIR";

const isTextFile = /\.(csv|tsv|txt)(\.gz)?$/i;

/**
 * Finds the files of a vocabulary. In a folder they are known by their names: those of the tables, in any case, with or
 * without underscores, also with `_seed` at the end. A file that is named itself may be called anything; its columns then
 * say what it is.
 *
 * Throws VOCABULARY_MISSING when there is nothing to load, or no CONCEPT or CONCEPT_RELATIONSHIP among all parts, and
 * VOCABULARY_INVALID when a folder holds a table twice.
 */
export async function findVocabulary(paths: readonly string[]): Promise<readonly VocabularyPart[]> {
  const places = [...new Set(paths.map((path) => resolve(path)))];
  const parts = await Promise.all(places.map(findPart));
  const found = new Set(parts.flatMap(({ files }) => files.map(({ table }) => table)));
  const missing = ["concept", "concept_relationship"].filter((table) => !found.has(table));
  if (missing.length > 0) {
    const names = missing.map((table) => `${table.toUpperCase()}.csv`).join(" and ");
    throw new OmopipeError(
      "VOCABULARY_MISSING",
      `${paths.join(", ")} is no Athena download: ${names} missing. ${howToGetVocabulary}.`,
    );
  }
  return parts;
}

async function findPart(path: string): Promise<VocabularyPart> {
  const status = await stat(path).catch((cause: NodeJS.ErrnoException) => {
    const fault = cause.code === "ENOENT" ? "does not exist" : `cannot be read: ${messageOf(cause)}`;
    throw new OmopipeError("VOCABULARY_MISSING", `The vocabulary folder ${path} ${fault}. ${howToGetVocabulary}.`, {
      cause,
    });
  });
  const files = status.isDirectory() ? await filesIn(path) : [await namedFile(path)];
  if (files.length === 0) {
    throw new OmopipeError(
      "VOCABULARY_MISSING",
      `The vocabulary folder ${path} holds no table of a vocabulary (CONCEPT.csv, SOURCE_TO_CONCEPT_MAP.csv …). A file of ` +
        `another name, such as unmapped.csv, is named itself. ${howToGetVocabulary}.`,
    );
  }
  const folder = status.isDirectory() ? path : dirname(path);
  return { path, folder, files, fingerprint: await fingerprintOf(files) };
}

async function filesIn(folder: string): Promise<VocabularyFile[]> {
  const names = (await readdir(folder)).sort();
  return vocabularyTables.flatMap(({ table }) => {
    const [first, second] = names.filter((name) => tableNamed(name) === table);
    if (first === undefined) return [];
    if (second === undefined) return [{ table, path: join(folder, first) }];
    throw new OmopipeError(
      "VOCABULARY_INVALID",
      `${folder} holds the table ${table} twice, as ${first} and as ${second}. Take one of them away.`,
    );
  });
}

async function namedFile(path: string): Promise<VocabularyFile> {
  if (isTextFile.test(path)) {
    const layout = await readLayout(path).catch(() => undefined);
    const table = tableNamed(basename(path)) ?? tableWith(layout?.columns ?? []);
    if (table) return { table, path };
  }
  throw new OmopipeError(
    "VOCABULARY_MISSING",
    `${path} is neither a folder nor a .csv file with a table of a vocabulary. ${howToGetVocabulary}.`,
  );
}

function tableNamed(name: string): string | undefined {
  if (!isTextFile.test(name)) return undefined;
  const letters = name
    .replace(isTextFile, "")
    .replace(/_?seed$/i, "")
    .replaceAll("_", "")
    .toLowerCase();
  return vocabularyTables.find(({ table }) => table.replaceAll("_", "") === letters)?.table;
}

function tableWith(columns: readonly string[]): string | undefined {
  return vocabularyTables.find((table) =>
    table.columns.every(({ name, required }) => !required || columns.includes(name)),
  )?.table;
}

/** Raised whenever databases made by an older version must be made again. */
const databaseLayout = 1;

async function fingerprintOf(files: readonly VocabularyFile[]): Promise<string> {
  const states = await Promise.all(
    files.map(async ({ path }) => {
      const { size, mtimeMs } = await stat(path);
      return [basename(path), size, mtimeMs];
    }),
  );
  return createHash("sha256")
    .update(JSON.stringify([databaseLayout, states]))
    .digest("hex")
    .slice(0, 16);
}
