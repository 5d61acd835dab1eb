// Opens a warehouse, reads or writes, and prints what came of it as JSON: `visit-warehouse.ts FILE read|write`.

import { OmopipeError } from "../../src/pipeline/errors.ts";
import { openWarehouse } from "../../src/warehouse/warehouse.ts";

const [file = "", mode = "read"] = process.argv.slice(2);

try {
  await using warehouse = await openWarehouse(file, { readOnly: mode === "read" });
  if (mode === "write") await warehouse.run("insert into meta.setting values ('visited by', 'a second process')");
  console.log(JSON.stringify({ settings: await warehouse.rows("select name, value from meta.setting order by name") }));
} catch (error) {
  if (!(error instanceof OmopipeError)) throw error;
  const { code, message, retryable } = error;
  console.log(JSON.stringify({ code, message, retryable }));
}
