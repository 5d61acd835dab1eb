import { readFile } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import { parse } from "yaml";
import * as z from "zod";
import type { MapToOmopOptions } from "../omop/mapping-options.ts";
import { messageOf, OmopipeError } from "../pipeline/errors.ts";

const overridesSchema = z.strictObject({
  codeSystems: z.record(z.string(), z.string()).optional(),
  encounterClasses: z.record(z.string(), z.int().min(0)).optional(),
  droppedStatuses: z.record(z.string(), z.array(z.string())).optional(),
  allowedModifierExtensions: z.array(z.string()).optional(),
  extracts: z.array(z.string()).optional(),
});

type Overrides = Pick<MapToOmopOptions, keyof z.infer<typeof overridesSchema>>;

/**
 * Reads what a user has in place of the built-in rules, from YAML or JSON with the members of `MapToOmopOptions` of the same
 * names. Paths of extracts are those beside the file. Throws INPUT_NOT_FOUND and USAGE.
 */
export async function readOverrides(path: string): Promise<Overrides> {
  const text = await readFile(path, "utf8").catch((cause) => {
    throw new OmopipeError("INPUT_NOT_FOUND", `${path} cannot be read: ${messageOf(cause)}`, { cause });
  });
  try {
    const overrides = overridesSchema.parse(parse(text) ?? {});
    return { ...overrides, extracts: overrides.extracts?.map((extract) => resolve(dirname(path), extract)) };
  } catch (cause) {
    const reason = cause instanceof z.ZodError ? z.prettifyError(cause) : messageOf(cause);
    throw new OmopipeError("USAGE", `${path} is no file of overrides: ${reason}`, { cause });
  }
}
