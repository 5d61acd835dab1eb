import { readFileSync } from "node:fs";
import * as z from "zod";

const columnSchema = z.strictObject({
  name: z.string(),
  type: z.string(),
  required: z.boolean().default(false),
  primaryKey: z.boolean().default(false),
  references: z.string().optional(),
  domain: z.string().optional(),
  conceptClass: z.string().optional(),
});

const definitionSchema = z.strictObject({
  cdm_version: z.string(),
  source: z.string(),
  tables: z.array(
    z.strictObject({
      table: z.string(),
      group: z.enum(["cdm", "vocabulary", "results"]),
      columns: z.array(columnSchema),
    }),
  ),
});

/** One column of the OMOP CDM as the specification has it; `references` names the table of its foreign key. */
export type CdmColumn = z.infer<typeof columnSchema>;

/** One table of the OMOP CDM; `group` is the part of the specification it belongs to. */
export type CdmTable = z.infer<typeof definitionSchema>["tables"][number];

/** The 39 tables of OMOP CDM 5.4 in the order of the specification (source: OHDSI/CommonDataModel 5.4). */
export const cdmTables: readonly CdmTable[] = definitionSchema.parse(
  JSON.parse(readFileSync(new URL("./cdm-5.4.json", import.meta.url), "utf8")),
).tables;
