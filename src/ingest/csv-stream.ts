import type { CsvMapping } from "../../schemas/csv-mapping.ts";
import { OmopipeError } from "../pipeline/errors.ts";
import { openCsvStream } from "./csv-bytes.ts";
import { type CsvFile, placeInMapping } from "./csv-file.ts";
import { readCsvHeader } from "./csv-header.ts";

/** CSV that is no file: an HTTP response, standard input, or any bytes that come piece by piece, also gzipped. */
export interface CsvStream {
  /** The file name that it goes by, for the mapping and in reports: "patients.csv". */
  readonly name: string;
  readonly body: Response | ReadableStream<Uint8Array> | AsyncIterable<Uint8Array | string>;
}

/** Opens a stream as the mapping says it is written. It is read once, record by record, while it lands. */
export async function csvFileOf({ name, body }: CsvStream, mapping: CsvMapping): Promise<CsvFile> {
  const place = placeInMapping(name, mapping);
  if (place.mapping === undefined) {
    const known = Object.keys(mapping.files).join(", ");
    throw new OmopipeError("INPUT_NOT_FOUND", `The mapping ${mapping.name} knows no ${name}. It knows ${known}.`);
  }
  const { delimiter, encoding } = place.mapping;
  const opened = await openCsvStream(bytesOf(name, body), encoding);
  const { head, chunks } = await readCsvHeader(opened.chunks, delimiter);
  const file = { ...place, path: name, bytes: 0, records: undefined, atOnce: undefined, open: async () => chunks };
  return "code" in head ? { ...file, delimiter: ",", header: [], problem: head } : { ...file, ...head };
}

function bytesOf(name: string, body: CsvStream["body"]): AsyncIterable<Uint8Array | string> {
  if (!(body instanceof Response)) return body as AsyncIterable<Uint8Array | string>;
  if (!body.ok) {
    throw new OmopipeError("HTTP_STATUS", `${name} was answered with status ${body.status}.`);
  }
  return (body.body ?? []) as AsyncIterable<Uint8Array>;
}
