import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import type { MapToOmopOptions } from "./mapping-options.ts";

const defaults: MapToOmopOptions = {
  noVocabulary: false,
  notes: true,
  sourceValue: "code",
  routing: "domain",
  concepts: "all",
  typeConcept: "specific",
  observationPeriod: "span",
  ruleset: "omopipe",
};

/**
 * Tells by which options a CDM was mapped: the same for options that mean the same, however they are written. What the data is
 * called does not count, nor where files lie, but what is in them.
 */
export function optionsHash({ sourceName: _, extracts = [], ...options }: MapToOmopOptions): string {
  const names = Object.keys(options) as (keyof typeof options)[];
  const chosen = names
    .filter((name) => options[name] !== undefined && options[name] !== defaults[name])
    .map((name) => [name, options[name]] as const);
  const files = extracts.map((path) => readFileSync(path, "utf8"));
  return createHash("sha256")
    .update(JSON.stringify([Object.fromEntries(chosen), files], withSortedNames))
    .digest("hex");
}

function withSortedNames(_name: string, value: unknown): unknown {
  const isObject = typeof value === "object" && value !== null && !Array.isArray(value);
  return isObject ? Object.fromEntries(Object.entries(value).sort()) : value;
}
