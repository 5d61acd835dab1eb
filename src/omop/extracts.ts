import { readdirSync, readFileSync } from "node:fs";

/** The shapes of `events.sql`: what one row of an extract is. */
const shapes = ["person", "visit", "event", "provider", "care_site", "note", "payer_plan", "cost"] as const;
export type Shape = (typeof shapes)[number];

/** A select that gives records of one kind in one of the shapes. */
export interface Extract {
  readonly name: string;
  readonly shape: Shape;
  readonly select: string;
  /** The resource types whose records it accounts for. */
  readonly resourceType: string;
}

const folder = new URL("./fhir/", import.meta.url);

/**
 * The extracts of FHIR resources: `fhir/<resource type>.<shape>.sql`, the shape left out where it is an event. A resource
 * type may have several, such as a report that is both an event and a note.
 */
export const fhirExtracts: readonly Extract[] = readdirSync(folder)
  .filter((file) => file.endsWith(".sql"))
  .sort()
  .map((file) => {
    const [name = "", shape = "event"] = file.replace(/\.sql$/, "").split(".");
    return {
      name: file,
      shape: shape.replace("-", "_") as Shape,
      select: readFileSync(new URL(file, folder), "utf8"),
      resourceType: name.replace(/(^|-)([a-z])/g, (_, _separator, letter: string) => letter.toUpperCase()),
    };
  });

/** The extract of notes that gives why there are none: their texts are not even decoded. Others stay as they are. */
export function withoutText(extract: Extract): Extract {
  if (extract.shape !== "note") return extract;
  const select = `select * exclude (title, text) replace ('NOTES_OFF' as refused) from (\n${extract.select}\n)`;
  return { ...extract, select };
}

/**
 * One view a shape over all extracts, so that what comes after knows persons, visits, events but not their sources.
 * Columns meet by name; an extract that leaves one out gives NULL.
 */
export function createExtractViews(extracts: readonly Extract[]): string {
  return shapes
    .map((shape) => {
      const selects = extracts.filter((extract) => extract.shape === shape).map(({ select }) => `(\n${select}\n)`);
      return `create or replace temp view extracted_${shape} as\n${[`from ${shape}_shape`, ...selects].join(
        "\nunion all by name\n",
      )};`;
    })
    .join("\n\n");
}
