import { readdirSync, readFileSync } from "node:fs";
import type { MapToOmopOptions } from "./mapping-options.ts";

/** The shapes of `events.sql`: what one row of an extract is. */
const shapes = ["person", "visit", "event", "provider", "care_site", "note", "payer_plan", "cost", "row"] as const;
export type Shape = (typeof shapes)[number];

/** A select that gives records of one kind in one of the shapes. */
export interface Extract {
  readonly name: string;
  readonly shape: Shape;
  readonly select: string;
  /** The resource types whose records it accounts for. */
  readonly resourceType: string;
  /** The user's file that it comes from; undefined: it is built in. */
  readonly path?: string;
}

const folder = new URL("./fhir/", import.meta.url);

/**
 * The extracts of FHIR resources: `fhir/<resource type>.<shape>.sql`, the shape left out where it is an event. A resource
 * type may have several, such as a report that is both an event and a note.
 */
export const fhirExtracts: readonly Extract[] = readdirSync(folder)
  .filter((file) => file.endsWith(".sql"))
  .sort()
  .map((file) => extractNamed(file, readFileSync(new URL(file, folder), "utf8")));

/** The extract that a file of this name holds. */
export function extractNamed(file: string, select: string): Extract {
  const [name = "", shape = "event"] = file.replace(/\.sql$/, "").split(".");
  return {
    name: file,
    shape: shape.replace("-", "_") as Shape,
    select,
    resourceType: name.replace(/(^|-)([a-z])/g, (_, _separator, letter: string) => letter.toUpperCase()),
  };
}

export function isShape(shape: string): shape is Shape {
  return (shapes as readonly string[]).includes(shape);
}

/** Extracts as the options want their rows. */
export function chosenExtracts(
  extracts: readonly Extract[],
  { notes = true, routing = "domain", timeZone }: MapToOmopOptions,
): readonly Extract[] {
  const withTexts = notes ? extracts : extracts.map(withoutText);
  const routed = routing === "resource" ? withTexts.map(inOwnTable) : withTexts;
  return timeZone === undefined ? routed : routed.map(onOneClock);
}

/** The extract of notes that gives why there are none: their texts are not even decoded. Others stay as they are. */
function withoutText(extract: Extract): Extract {
  if (extract.shape !== "note") return extract;
  const select = `select * exclude (title, text) replace ('NOTES_OFF' as refused) from (\n${extract.select}\n)`;
  return { ...extract, select };
}

/**
 * The extract whose rows stay in the table of their resource under the concept of their code, whatever it means: Observations by
 * what their value is, an Encounter that is part of another as a visit, an allergy under the substance.
 */
function inOwnTable(extract: Extract): Extract {
  const change = ownTableOf[extract.name];
  if (change === undefined) return extract;
  return withChange(extract, change);
}

/** What an extract gives, changed by a select list over all columns of its shape. */
function withChange(extract: Extract, change: string): Extract {
  return {
    ...extract,
    select: `select ${change} from (from ${extract.shape}_shape union all by name (\n${extract.select}\n))`,
  };
}

const ownTableOf: Readonly<Record<string, string>> = {
  "observation.sql":
    "* replace (case when value_number is null then 'observation' else 'measurement' end as natural_table)",
  "encounter.visit.sql": "* exclude (parent_id, stays)",
  "allergy-intolerance.sql": "* exclude (concept_constant)",
};

/** The extract with its times on the clock of one zone (`options/time-zone.sql`). */
function onOneClock(extract: Extract): Extract {
  const times = timesOf[extract.shape];
  if (times === undefined) return extract;
  const shown = times.map(
    (column) => `mapping.${column === "stays" ? "stays_" : ""}on_one_clock(${column}) as ${column}`,
  );
  return withChange(extract, `* replace (${shown.join(", ")})`);
}

/** The columns of shapes that say when something was. The day of a birth is that of where it was. */
const timesOf: Readonly<Partial<Record<Shape, readonly string[]>>> = {
  person: ["death_date"],
  visit: ["start_text", "end_text", "stays"],
  event: ["start_text", "end_text", "verbatim_end_text"],
  note: ["start_text"],
  payer_plan: ["start_text", "end_text"],
  cost: ["start_text"],
};

/**
 * One relation a shape over all extracts, so that what comes after knows persons, visits, events but not their sources.
 * Columns meet by name; an extract that leaves one out gives NULL. A view holds no rows, however many there are; a table is
 * planned once, which is what takes the time where there are few, and filled by one extract after the other.
 */
export function createExtracts(extracts: readonly Extract[], kind: "view" | "table"): string {
  return shapes
    .map((shape) => {
      const selects = extracts.filter((extract) => extract.shape === shape).map(({ select }) => `(\n${select}\n)`);
      const view = `create or replace temp view extracted_${shape} as`;
      // Of nothing rather than of an empty table: what reads it is left out of every plan.
      if (selects.length === 0) return `${view} from ${shape}_shape where false;`;
      if (kind === "view") return `${[`${view}\nfrom ${shape}_shape`, ...selects].join("\nunion all by name\n")};`;
      const fill = selects.map((select) => `insert into filled_${shape} by name\n${select};`);
      return [
        `create or replace temp table filled_${shape} as from ${shape}_shape;`,
        ...fill,
        `${view} from filled_${shape};`,
      ].join("\n\n");
    })
    .join("\n\n");
}
