import { describe, expect, it } from "vitest";
import { pipeline } from "../../src/pipeline/pipeline.ts";
import type { Stage } from "../../src/pipeline/stage.ts";
import { openWarehouse, type Warehouse } from "../../src/warehouse/warehouse.ts";
import { failureOf } from "../support/failure.ts";
import { openFolder } from "../support/folder.ts";

const write: Stage<undefined, void, Warehouse> = {
  name: "write",
  execute: (_input, { target }) => target.append("meta.setting", [{ name: "a" }]),
};
const endless: Stage<undefined, void, Warehouse> = {
  name: "endless",
  execute: (_input, { target, signal }) =>
    target.run("select count(*) from range(1000000) a, range(1000000) b", undefined, { signal }),
};

describe("the ledger of a warehouse", () => {
  it("has one row a run: what it did, when, and how it ended", async () => {
    await using warehouse = await openWarehouse(":memory:");
    const before = new Date().toISOString().slice(0, 19);
    await pipeline(write, write).run(warehouse, { runId: "run-1" });
    const [run] = await warehouse.rows("select *, started_at <= ended_at as in_order from meta.run");
    expect(run).toMatchObject({
      run_id: "run-1",
      stages: ["write", "write"],
      status: "done",
      stage: null,
      message: null,
    });
    expect(run?.in_order).toBe(true);
    expect(String(run?.started_at) >= before).toBe(true);
  });

  it("says why a run failed, and is not part of what is rolled back", async () => {
    await using warehouse = await openWarehouse(":memory:");
    const fails: Stage<undefined, void, Warehouse> = {
      name: "fails",
      execute: (_input, { target }) =>
        target.transaction(async () => {
          await target.run("insert into meta.setting values ('a', 'b')");
          throw new Error("no");
        }),
    };
    await failureOf(pipeline(fails).run(warehouse));
    expect(await warehouse.rows("select status, stage, message from meta.run")).toEqual([
      { status: "failed", stage: "fails", message: "fails: no" },
    ]);
    expect(await warehouse.rows("from meta.setting")).toEqual([]);
  });

  it("tells that a run was stopped", async () => {
    await using warehouse = await openWarehouse(":memory:");
    const error = await failureOf(pipeline(endless).run(warehouse, { signal: AbortSignal.timeout(50) }));
    expect(error).toMatchObject({ code: "ABORTED", stage: "endless" });
    expect(await warehouse.rows("select status, message from meta.run")).toEqual([
      { status: "aborted", message: error.message },
    ]);
  });

  it("is not kept in a warehouse that is open for reading only, against which runs go all the same", async () => {
    await using folder = await openFolder();
    const file = folder.file("warehouse.duckdb");
    await (await openWarehouse(file)).close();
    await using warehouse = await openWarehouse(file, { readOnly: true });
    const one: Stage<undefined, unknown, Warehouse> = {
      name: "one",
      execute: (_input, { target }) => target.row("select 1 as one"),
    };
    expect(await pipeline(one).run(warehouse)).toEqual({ one: 1 });
    expect(await warehouse.rows("from meta.run")).toEqual([]);
  });

  it("lets the failure of a run through that closed the warehouse itself", async () => {
    await using warehouse = await openWarehouse(":memory:");
    const closes: Stage<undefined, void, Warehouse> = {
      name: "closes",
      execute: async (_input, { target }) => {
        await target.close();
        throw new Error("no");
      },
    };
    expect((await failureOf(pipeline(closes).run(warehouse))).message).toBe("closes: no");
  });
});
