import { writeFile } from "node:fs/promises";
import { csvMappingJsonSchema } from "../schemas/csv-mapping-json-schema.ts";

// Run by `npm run csv-schema` when schemas/csv-mapping.ts has changed.
const path = new URL("../schemas/csv-mapping.schema.json", import.meta.url);
await writeFile(path, `${JSON.stringify(csvMappingJsonSchema(), null, 2)}\n`);
