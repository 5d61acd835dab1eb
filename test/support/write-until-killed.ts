// Runs a pipeline that keeps half of its rows, is in the middle of writing the rest, says so, and waits to be killed.

import { pipeline } from "../../src/pipeline/pipeline.ts";
import type { Stage } from "../../src/pipeline/stage.ts";
import { openWarehouse, type Warehouse } from "../../src/warehouse/warehouse.ts";

const [file = ""] = process.argv.slice(2);

const writes: Stage<undefined, void, Warehouse> = {
  name: "writes",
  async execute(_input, { target: warehouse }) {
    await warehouse.run("create table results.kept as select range as n from range(1000)");
    await warehouse.transaction(async () => {
      await warehouse.run("insert into results.kept select range from range(1000, 3000000)");
      await warehouse.run("delete from results.kept where n < 500");
      console.log("in the middle of a transaction");
      setInterval(() => {}, 1000);
      await new Promise(() => {});
    });
  },
};

const warehouse = await openWarehouse(file);
await pipeline(writes).run(warehouse, { runId: "killed" });
