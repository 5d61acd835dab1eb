import { readdirSync, readFileSync } from "node:fs";

/** The shape an extract has: one row a person, visit or event. */
export type Shape = "person" | "visit" | "event";

/** A select that gives records of one kind in one of the three shapes. */
export interface Extract {
  readonly name: string;
  readonly shape: Shape;
  readonly select: string;
  /** The resource types whose records it accounts for. */
  readonly resourceType: string;
}

const folder = new URL("./fhir/", import.meta.url);
const shapes: Readonly<Record<string, Shape>> = { patient: "person", encounter: "visit" };

/** The extracts of FHIR resources: one `.sql` file of `fhir/` each, named after its resource type. */
export const fhirExtracts: readonly Extract[] = readdirSync(folder)
  .filter((file) => file.endsWith(".sql"))
  .sort()
  .map((file) => {
    const name = file.replace(/\.sql$/, "");
    return {
      name,
      shape: shapes[name] ?? "event",
      select: readFileSync(new URL(file, folder), "utf8"),
      resourceType: name.replace(/(^|-)([a-z])/g, (_, _separator, letter: string) => letter.toUpperCase()),
    };
  });

/**
 * One view a shape over all extracts, so that what comes after knows persons, visits and events but not their sources.
 * Columns meet by name; an extract that leaves one out gives NULL.
 */
export function createExtractViews(extracts: readonly Extract[]): string {
  return (["person", "visit", "event"] as const)
    .map((shape) => {
      const selects = extracts.filter((extract) => extract.shape === shape).map(({ select }) => `(\n${select}\n)`);
      return `create or replace temp view extracted_${shape} as\n${[`from ${shape}_shape`, ...selects].join(
        "\nunion all by name\n",
      )};`;
    })
    .join("\n\n");
}
