import { z } from "zod";
import { csvMappingSchema } from "./csv-mapping.ts";

/** `csvMappingSchema` as JSON Schema: `csv-mapping.schema.json`, for editors to complete and check mappings by. */
export function csvMappingJsonSchema(): object {
  return {
    title: "CSV mapping of omopipe",
    ...z.toJSONSchema(csvMappingSchema, { io: "input" }),
  };
}
