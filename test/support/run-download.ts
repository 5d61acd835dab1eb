// Reads a server into a warehouse and maps it; says when it begins, so that it can be killed at any moment after that.

import { bulkExport } from "../../src/ingest/bulk-export/bulk-export.ts";
import { fhirServer } from "../../src/ingest/fhir-server/fhir-server.ts";
import { mapToOmop } from "../../src/omop/map-to-omop.ts";
import { pipeline } from "../../src/pipeline/pipeline.ts";
import { openWarehouse } from "../../src/warehouse/warehouse.ts";

const [file = "", kind = "", baseUrl = ""] = process.argv.slice(2);

const source =
  kind === "bulkExport"
    ? bulkExport({ baseUrl, level: "system", poll: { firstMilliseconds: 100 } })
    : fhirServer({ baseUrl, pageSize: 10, concurrency: 4 });

await using warehouse = await openWarehouse(file);
console.log("begins");
await pipeline(source, mapToOmop({ noVocabulary: true })).run(warehouse);
