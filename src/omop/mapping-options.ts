import { readFileSync } from "node:fs";
import { isZone } from "../../schemas/csv-value.ts";
import { OmopipeError } from "../pipeline/errors.ts";

/** How FHIR becomes OMOP where projects disagree, and what a user may put in place of the built-in rules. */
export interface MapToOmopOptions {
  /**
   * Map without a vocabulary: every code keeps its source value and gets concept 0.
   * Default false: no vocabulary is an error, because a CDM without concepts is rarely meant.
   */
  readonly noVocabulary?: boolean | undefined;
  /** The name of the data for `cdm_source`. Default "default". */
  readonly sourceName?: string | undefined;
  /** false: no text of a report or document reaches the CDM; they are counted as NOTES_OFF. Default true. */
  readonly notes?: boolean | undefined;
  /** What stands in `*_source_value`: the code alone, or with its system before it. Default "code". */
  readonly sourceValue?: "code" | "system#code" | undefined;
  /** Which table a row goes to: that of its concept's domain, or always that of its resource. Default "domain". */
  readonly routing?: "domain" | "resource" | undefined;
  /**
   * Which codes become concepts: all, or only those that say what a record is; sex, race, class of a visit, value, unit, route
   * and their like then have concept 0. Default "all".
   */
  readonly concepts?: "all" | "primary" | undefined;
  /** What `*_type_concept_id` says: how each record came into being, or EHR (32817) of all. Default "specific". */
  readonly typeConcept?: "specific" | "ehr" | undefined;
  /**
   * On the clock of which zone times with an offset are shown, by its IANA name: `"UTC"`, `"Europe/Berlin"`. Default: as sent, on
   * the clock where each was written. In another zone something may have been on another day than in the place where it was done.
   */
  readonly timeZone?: string | undefined;
  /**
   * When a person is observed: from the first visit to the end of the last (`span`); while no 548 days pass without anything
   * recorded (`gap548`), of which all periods are made anew every night; or while insured (`enrolment`), so that a person without
   * insurance has no period. Default "span". ETL-Synthea's rules have periods of their own.
   */
  readonly observationPeriod?: "span" | "gap548" | "enrolment" | undefined;
  /**
   * Whose rules hold where projects disagree: ours, those of OHDSI's ETL-Synthea 5.4 (docs/csv.md#etl-syntheas-rules), to
   * compare with a CDM that it made, or the HL7 FHIR-to-OMOP guide to the letter (docs/mapping.md#the-guide-to-the-letter). Default
   * "omopipe".
   */
  readonly ruleset?: "omopipe" | "etl-synthea" | "hl7-guide" | undefined;
  /**
   * The vocabularies of further code systems, or of known ones in place of the built-in `schemas/code-systems.csv`:
   * `{ "http://hospital.example/codes": "Hospital" }`, the name being a `vocabulary_id` of the vocabulary.
   */
  readonly codeSystems?: Readonly<Record<string, string>> | undefined;
  /**
   * The visit concepts of further encounter classes, or of known ones in place of those of `schemas/concept-map.csv`:
   * `{ OBSENC: 581385 }`.
   */
  readonly encounterClasses?: Readonly<Record<string, number>> | undefined;
  /**
   * The statuses of a resource type that are dropped, and no others, in place of those of `schemas/status-filter.csv`:
   * `{ Condition: ["entered-in-error"] }`. Records without a status are then taken.
   */
  readonly droppedStatuses?: Readonly<Record<string, readonly string[]>> | undefined;
  /**
   * The URLs of modifierExtensions that do not turn round what a record says, as far as OMOP has it: a record with no others is
   * taken. `["http://hospital.example/StructureDefinition/reviewed"]`. Default none: a record with any is dropped.
   */
  readonly allowedModifierExtensions?: readonly string[] | undefined;
  /**
   * Files with extracts of one's own, named like those of `src/omop/fhir/`: `condition.sql` takes the place of the built-in
   * extract, `condition.event.sql` is one more. Each is a select that gives the columns of its shape in `src/omop/events.sql`.
   */
  readonly extracts?: readonly string[] | undefined;
}

/** The statuses that are dropped: those that the user says, else, by the HL7 guide, those that it drops otherwise than we do. */
export const statusesDropped = ({
  ruleset,
  droppedStatuses,
}: MapToOmopOptions): Readonly<Record<string, readonly string[]>> => ({
  ...(ruleset === "hl7-guide" && {
    Condition: ["unconfirmed", "entered-in-error"],
    Encounter: ["planned", "onleave", "on-hold", "discontinued", "cancelled", "entered-in-error", "unknown"],
    MedicationAdministration: ["not-done", "on-hold", "stopped", "entered-in-error", "unknown"],
  }),
  ...droppedStatuses,
});

const statusFilter = new URL("../../schemas/status-filter.csv", import.meta.url);

/**
 * Throws USAGE for statuses of a resource type that has none, for what is no status of its type in any version of FHIR, for what is no
 * time zone, and for options that exclude each other.
 */
export function checkOptions(options: MapToOmopOptions): void {
  const { droppedStatuses = {}, observationPeriod = "span", ruleset, timeZone } = options;
  if (timeZone !== undefined && !isZone(timeZone)) {
    throw new OmopipeError(
      "USAGE",
      `timeZone: ${timeZone} is no time zone. Its name is that of IANA, such as "UTC" or "Europe/Berlin"; leave it out for times as sent.`,
    );
  }
  if (ruleset === "etl-synthea" && observationPeriod !== "span") {
    throw new OmopipeError(
      "USAGE",
      `observationPeriod: ${observationPeriod} is none of ETL-Synthea's rules, which have a period of their own. Leave one of the two out.`,
    );
  }
  const [, ...lines] = readFileSync(statusFilter, "utf8").trim().split("\n");
  const known = new Map(
    lines.map((line) => line.split(",")).map(([type, , , , statuses]) => [type!, statuses!.split(";")]),
  );
  for (const [type, statuses] of Object.entries(droppedStatuses)) {
    const all = known.get(type);
    if (all === undefined) {
      throw new OmopipeError(
        "USAGE",
        `droppedStatuses: ${type} is no resource type with a status filter. There are: ${[...known.keys()].join(", ")}`,
      );
    }
    const unknown = statuses.find((status) => !all.includes(status));
    if (unknown === undefined) continue;
    throw new OmopipeError(
      "USAGE",
      `droppedStatuses: ${unknown} is no status of ${type}. There are: ${all.join(", ")}`,
    );
  }
}
