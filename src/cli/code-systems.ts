import { readFile } from "node:fs/promises";
import { parseString } from "fast-csv";
import { messageOf, OmopipeError } from "../pipeline/errors.ts";

/**
 * Reads further code systems, for `mapToOmop`, from a CSV file with the columns `uri` and `vocabulary_id`. Throws USAGE where
 * it cannot be read, or a line has no value, or one other than an earlier line.
 */
export async function readCodeSystems(path: string): Promise<Record<string, string>> {
  const wrong = (fault: string) =>
    new OmopipeError("USAGE", `${path} ${fault}. Code systems are a CSV file with the columns uri,vocabulary_id.`);
  const text = await readFile(path, "utf8").catch((cause) => {
    throw wrong(`cannot be read: ${messageOf(cause)}`);
  });
  const systems = new Map<string, string>();
  let line = 1;
  const rows = parseString<Record<string, string>, Record<string, string>>(text, { headers: true, trim: true });
  try {
    for await (const { uri, vocabulary_id } of rows) {
      line += 1;
      if (!uri || !vocabulary_id) throw wrong(`has no uri or no vocabulary_id in line ${line}`);
      if ((systems.get(uri) ?? vocabulary_id) !== vocabulary_id) throw wrong(`has two vocabularies for ${uri}`);
      systems.set(uri, vocabulary_id);
    }
  } catch (cause) {
    throw cause instanceof OmopipeError ? cause : wrong(`cannot be read: ${messageOf(cause)}`);
  }
  return Object.fromEntries(systems);
}
