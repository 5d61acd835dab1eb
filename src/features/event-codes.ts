import { fileURLToPath } from "node:url";
import { attachVocabulary } from "../omop/attach-vocabulary.ts";
import { messageOf, OmopipeError } from "../pipeline/errors.ts";
import type { StageContext } from "../pipeline/stage.ts";
import { literal, sqlText } from "../warehouse/sql-text.ts";
import type { Warehouse } from "../warehouse/warehouse.ts";
import type { checkedOptions } from "./history-options.ts";

type Choices = Pick<ReturnType<typeof checkedOptions>, "asOf" | "since" | "codeSystems" | "icd">;

/**
 * Finds one code for each event: leaves the temporary view `coded_event`. `asOf` and `since` are SQL. The vocabulary is looked
 * into only for standard concepts that are wanted in a code system which the data itself does not have.
 */
export async function codeEvents(context: StageContext<Warehouse>, choices: Choices): Promise<void> {
  const { target: warehouse, signal, warn } = context;
  const { asOf: as_of, since, codeSystems, icd } = choices;
  const run = (file: string, parts: Readonly<Record<string, string>> = {}) =>
    warehouse.run(sqlText(import.meta.url, `sql/${file}`, parts), undefined, { signal });

  await mustBeKnown(warehouse, codeSystems);
  await run("raw-events.sql", { as_of, since, abnormal_flags: schemaFile("abnormal-flags.csv") });
  await run("event-codes.sql", {
    code_types: schemaFile("code-types.csv"),
    preference: preferenceQuery(codeSystems),
    source_first: `kind not in (${Object.keys(codeSystems).map(literal).join(", ") || "''"})`,
  });
  if (await warehouse.row("select 1 from concept_to_translate limit 1")) {
    try {
      await attachVocabulary(context, {});
      await run("translate-codes.sql");
    } catch (error) {
      signal.throwIfAborted();
      warn(`Codes are not translated into other code systems, for there is no vocabulary. ${messageOf(error)}`);
    }
  }
  await run("events.sql", { icd_code: icdCode[icd] });
}

/** Throws USAGE for a code system that no code is ever of: nothing would be left of its list. */
async function mustBeKnown(warehouse: Warehouse, codeSystems: Choices["codeSystems"]): Promise<void> {
  const asked = Object.values(codeSystems).flatMap((names) => names ?? []);
  if (asked.length === 0) return;
  const rows = await warehouse.rows<{ code_type: string }>(
    `select distinct code_type from read_csv(${schemaFile("code-types.csv")}, header => true, all_varchar => true) order by all`,
  );
  const known = rows.map(({ code_type }) => code_type);
  const unknown = asked.find((name) => !known.includes(name));
  if (unknown !== undefined) {
    throw new OmopipeError(
      "USAGE",
      `There is no code system ${unknown} for histories. There are: ${known.join(", ")}.`,
    );
  }
}

const schemaFile = (name: string) => literal(fileURLToPath(new URL(`../../schemas/${name}`, import.meta.url)));

/** Asked-for code systems take the place of those of the list. */
function preferenceQuery(codeSystems: Choices["codeSystems"]): string {
  const asked = Object.entries(codeSystems).flatMap(([kind, names]) =>
    (names ?? []).map((name, rank) => `select ${literal(kind)}, ${literal(name)}, ${rank + 1}`),
  );
  const kinds = Object.keys(codeSystems).map(literal).join(", ") || "''";
  const listed = `select kind, code_type, rank::integer as rank
    from read_csv(${schemaFile("code-preference.csv")}, header => true, all_varchar => true)
    where kind not in (${kinds})`;
  return [listed, ...asked].join("\nunion all\n");
}

const withoutDot = "replace(code, '.', '')";
/** Behind the third character; of external causes in ICD-9 behind the fourth, of its procedures behind the second. */
const beforeDot = `case
    when code_type = 'ICD9' and kind = 'procedures' then 2
    when code_type = 'ICD9' and code[1] = 'E' then 4
    else 3
end`;

const icdCode: Readonly<Record<Choices["icd"], string>> = {
  "as recorded": "code",
  undotted: withoutDot,
  dotted: `case
    when length(${withoutDot}) > ${beforeDot}
    then ${withoutDot}[:${beforeDot}] || '.' || ${withoutDot}[${beforeDot} + 1:]
    else ${withoutDot}
end`,
};
