// Makes the landing tables of a warehouse, says so, and waits to be killed.

import { openLanding } from "../../src/ingest/landing-tables.ts";
import { openWarehouse } from "../../src/warehouse/warehouse.ts";

const [file = ""] = process.argv.slice(2);

await openLanding(await openWarehouse(file));
console.log("the tables are there");
setInterval(() => {}, 1000);
