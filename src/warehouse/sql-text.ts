import { readFileSync } from "node:fs";

/**
 * The text of a `.sql` file that lies beside a module. Each `{{name}}` in it is replaced by the SQL given for that name;
 * a name without SQL is a mistake and throws.
 *
 * @example
 * sqlText(import.meta.url, "land-ndjson.sql", { table: "landing.patient" })
 */
export function sqlText(moduleUrl: string, file: string, parts: Readonly<Record<string, string>> = {}): string {
  const text = readFileSync(new URL(file, moduleUrl), "utf8");
  return text.replace(/\{\{(\w+)\}\}/g, (_, name: string) => {
    const part = parts[name];
    if (part === undefined) throw new Error(`${file} asks for {{${name}}}, which was not given`);
    return part;
  });
}

/** The statements of a text, each without the comments before it. */
export function splitStatements(sql: string): string[] {
  const statements = sql.match(/(?:'(?:[^']|'')*'|"(?:[^"]|"")*"|--[^\n]*|[^;'"-]|-)+/g) ?? [];
  return statements
    .map((statement) => statement.replace(/^(?:\s+|--[^\n]*)+/, "").trimEnd())
    .filter((statement) => statement !== "");
}

/** A value as a SQL string literal. */
export function literal(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}

/** A list of values as a SQL list of string literals. */
export function literalList(texts: readonly string[]): string {
  return `[${texts.map(literal).join(", ")}]`;
}

/** A name as a quoted SQL identifier. */
export function identifier(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

/** How the lists of `schemas/` are written, for DuckDB's reader: to find it out takes longer than to read them. */
export const listFormat = `auto_detect => false, header => true, delim => ',', quote => '"', escape => '"'`;

/** The path of one file as a SQL string literal, for DuckDB's readers: what they would take for a pattern is escaped. */
export function pathLiteral(path: string): string {
  return literal(path.replace(/[*?[]/g, "[$&]"));
}
