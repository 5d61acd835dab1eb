import { fileURLToPath } from "node:url";
import type { StageContext } from "../pipeline/stage.ts";
import { softwareVersion } from "../version.ts";
import { listFormat, literal, literalList, sqlText } from "../warehouse/sql-text.ts";
import type { Warehouse } from "../warehouse/warehouse.ts";
import { type MapToOmopOptions, statusesDropped } from "./mapping-options.ts";
import type { MappingStep } from "./mapping-steps.ts";
import { optionsHash } from "./options-hash.ts";
import { makeIdsUnique } from "./unique-ids.ts";

/** What `{{name}}` stands for in the SQL of the steps. */
export function sqlParts(options: MapToOmopOptions, vocabularyVersion: string): Readonly<Record<string, string>> {
  const { sourceName = "default", routing, codeSystems = {}, encounterClasses = {} } = options;
  const { allowedModifierExtensions = [], timeZone = "UTC" } = options;
  return {
    concept_map: schemaFile("concept-map.csv"),
    own_encounter_classes: structs(
      "class varchar, concept_id bigint",
      Object.entries(encounterClasses).map(([name, concept]) => `row(${literal(name)}, ${Number(concept)})`),
    ),
    list_format: listFormat,
    status_filter: schemaFile("status-filter.csv"),
    own_status_filter: structs(
      "resource_type varchar, rule varchar, statuses varchar[]",
      Object.entries(statusesDropped(options)).map(
        ([type, statuses]) => `row(${literal(type)}, 'drop', ${literalList(statuses)})`,
      ),
    ),
    modifier_extensions:
      allowedModifierExtensions.length === 0
        ? "extensions"
        : `list_filter(extensions, lambda x: coalesce(not list_contains(${literalList(allowedModifierExtensions)}, x.url), true))`,
    code_systems: schemaFile("code-systems.csv"),
    own_code_systems: structs(
      "uri varchar, vocabulary_id varchar",
      Object.entries(codeSystems).map(([uri, id]) => `row(${literal(uri)}, ${literal(id)})`),
    ),
    time_zone: literal(timeZone),
    by_resource: String(routing === "resource"),
    code_roles: schemaFile("code-roles.csv"),
    vocabulary_priority: schemaFile("vocabulary-priority.csv"),
    states: schemaFile("us-states.csv"),
    cost_amounts: schemaFile("cost-amounts.csv"),
    named_characters: schemaFile("named-characters.csv"),
    source_name: literal(sourceName),
    software_version: literal(softwareVersion),
    vocabulary_version: literal(vocabularyVersion || "none"),
    options_hash: literal(optionsHash(options)),
  };
}

const schemaFile = (name: string) => literal(fileURLToPath(new URL(`../../schemas/${name}`, import.meta.url)));

const structs = (members: string, rows: readonly string[]) => `[${rows.join(", ")}]::struct(${members})[]`;

/** Runs the steps of a mapping one after the other: all of them, or some of a `total` with others `before` them. */
export async function runSteps(
  { target: warehouse, signal, progress }: Pick<StageContext<Warehouse>, "target" | "signal" | "progress">,
  steps: readonly MappingStep[],
  parts: Readonly<Record<string, string>>,
  { before, total } = { before: 0, total: steps.length },
): Promise<void> {
  for (const [i, step] of steps.entries()) {
    progress({ done: before + i, total, unit: "steps" });
    if (typeof step === "string") await warehouse.run(sqlText(import.meta.url, step, parts), undefined, { signal });
    else if ("text" in step) await warehouse.run(step.text, undefined, { signal });
    else if ("work" in step) await step.work(warehouse);
    else if ("uniqueIds" in step) await makeIdsUnique(warehouse, step.uniqueIds);
    else if (await warehouse.row(`select 1 from ${step.unlessEmpty} limit 1`)) {
      await runSteps({ target: warehouse, signal, progress: () => {} }, step.steps, parts);
    }
  }
}
