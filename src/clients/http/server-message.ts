/**
 * What a server says about a failed call, from the parsed body (or its text, when it is no JSON). First that applies:
 * `detail` (a sentence, or a list of problems), `message`, `error`, the issues of a FHIR OperationOutcome, the text. Of a list
 * of problems only place, message and kind are taken: other members may repeat the input. Empty when the server says nothing
 * that fits.
 *
 * @example
 * serverMessage({ detail: [{ loc: ["body", "zip3"], msg: "too short", type: "string_too_short", input: "1" }] });
 * // "body.zip3: too short (string_too_short)"
 */
export function serverMessage(body: unknown): string {
  if (typeof body === "string") return body;
  if (typeof body !== "object" || body === null) return "";
  const { detail, message, error, issue } = body as Record<string, unknown>;
  const texts = [
    Array.isArray(detail) ? detail.map(problemText).join("; ") : detail,
    message,
    error,
    Array.isArray(issue) ? issue.map(issueText).join("; ") : undefined,
  ];
  return texts.find((text) => typeof text === "string" && text !== "")?.toString() ?? "";
}

function problemText(problem: unknown): string {
  if (typeof problem === "string") return problem;
  const { loc, msg, type } = (problem ?? {}) as Record<string, unknown>;
  const place = Array.isArray(loc) ? `${loc.join(".")}: ` : "";
  const kind = typeof type === "string" ? ` (${type})` : "";
  return `${place}${typeof msg === "string" ? msg : "not valid"}${kind}`;
}

function issueText(issue: unknown): string {
  const { code, diagnostics, details } = (issue ?? {}) as Record<string, unknown>;
  const { text } = (details ?? {}) as Record<string, unknown>;
  return [code, diagnostics ?? text].filter((part) => typeof part === "string").join(": ");
}

const longest = 500;

/**
 * Makes a server's text fit for an error message: one line of at most 500 characters, in which every text that occurs
 * anywhere inside `confidential` (the patient's history, the token) is replaced by "[withheld]".
 *
 * @example
 * withhold("Patient p1 is unknown", { patient: { patient_id: "p1" } }); // "Patient [withheld] is unknown"
 */
export function withhold(text: string, confidential: unknown): string {
  const values = [...new Set(textsIn(confidential))].sort((a, b) => b.length - a.length);
  const line = text.replace(/\s+/g, " ").trim();
  const clean =
    values.length === 0
      ? line
      : line.replace(
          new RegExp(`(?<![\\p{L}\\p{N}])(?:${values.map(escaped).join("|")})(?![\\p{L}\\p{N}])`, "giu"),
          "[withheld]",
        );
  return clean.length > longest ? `${clean.slice(0, longest)}…` : clean;
}

/**
 * A server's text without what may be a value: what it quotes, and every word with a digit in it.
 *
 * @example
 * withoutValues("Column patient_id is missing in row 17 of 'a.csv'"); // "Column patient_id is missing in row … of …"
 */
export function withoutValues(text: string): string {
  return text.replace(/"[^"]*"|'[^']*'|`[^`]*`/g, "…").replace(/\S*\d\S*/g, "…");
}

function textsIn(value: unknown): string[] {
  if (typeof value === "string") return value.trim() === "" ? [] : [value.trim()];
  if (typeof value !== "object" || value === null) return [];
  return Object.values(value).flatMap(textsIn);
}

function escaped(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|/]/g, "\\$&").replace(/\s+/g, " ");
}
