/** Why something could not be read. */
export interface Problem {
  readonly code:
    | "NOT_JSON"
    | "NOT_FHIR"
    | "NOT_UTF8"
    | "LINE_TOO_LONG"
    | "FILE_DAMAGED"
    | "NO_HEADER"
    | "MIXED_LINE_ENDS"
    | "OPEN_QUOTE"
    | "BROKEN_QUOTE"
    | "WRONG_COLUMN_COUNT"
    | "NOT_CSV"
    | "TRANSFORM_FAILED";
  /** A sentence without any of the content. */
  readonly reason: string;
}

/** A row of `meta.quarantine`, still without its run. */
export interface Refused extends Problem {
  readonly path: string;
  readonly line?: number | undefined;
  readonly byte?: number | undefined;
}

/** A file that breaks off or does not unpack. */
export function damaged(path: string, why: string): Refused {
  return { path, code: "FILE_DAMAGED", reason: `the file breaks off: ${why}` };
}

/** What DuckDB's JSON reader says of a file, as a problem with its place. Its messages hold no content, but the path. */
export function problemOfDocument(path: string, messageWithPath: string): Refused {
  const message = messageWithPath.replaceAll(path, "");
  const byte = /at byte (\d+)/.exec(message)?.[1];
  const detail = /in record\/value \d+: ([^.]*)/.exec(message)?.[1];
  return {
    path,
    ...(byte === undefined ? {} : { byte: Number(byte) }),
    code: "NOT_JSON",
    reason: detail === undefined ? "the file could not be read as JSON" : `no valid JSON: ${detail}`,
  };
}

/** Where and why a line is no JSON, from the position the parser gives; its message is not kept, for it quotes the line. */
export function problemOfLine(text: string): Problem {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value !== "object" || value === null || Array.isArray(value)) {
      return { code: "NOT_FHIR", reason: "the line is JSON, but no object" };
    }
    return { code: "NOT_FHIR", reason: "the object has no resourceType" };
  } catch (error) {
    const position = error instanceof Error ? /at position (\d+)/.exec(error.message)?.[1] : undefined;
    const place = position === undefined ? "at its end" : `at character ${Number(position) + 1}`;
    return { code: "NOT_JSON", reason: `the line is no valid JSON: it breaks off or errs ${place}` };
  }
}
