import type { Row, Value } from "../warehouse/values.ts";

/** Rows as a table of text for people: numbers to the right, everything else to the left. */
export function textTable(rows: readonly Row[]): string {
  const [first] = rows;
  if (!first) return "(no rows)\n";
  const names = Object.keys(first);
  const cells = rows.map((row) => names.map((name) => cellText(row[name] ?? null)));
  const widths = names.map((name, i) => Math.max(name.length, ...cells.map((line) => line[i]!.length)));
  const isNumeric = names.map((name) => rows.every((row) => row[name] === null || typeof row[name] === "number"));
  const line = (texts: readonly string[]) =>
    texts
      .map((text, i) => (isNumeric[i] ? text.padStart(widths[i]!) : text.padEnd(widths[i]!)))
      .join("  ")
      .trimEnd();
  return `${[line(names), line(widths.map((width) => "-".repeat(width))), ...cells.map(line)].join("\n")}\n`;
}

/** A value as one line of text: NULL as nothing, structs and lists as JSON. */
export function cellText(value: Value): string {
  if (value === null) return "";
  const text = typeof value === "object" ? JSON.stringify(value) : String(value);
  return text.replaceAll(/\s+/g, " ");
}
