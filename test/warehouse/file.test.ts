import { randomBytes } from "node:crypto";
import { describe, expect, it } from "vitest";
import { openWarehouse } from "../../src/warehouse/warehouse.ts";
import { killWhenItSpeaks, resultOfChild } from "../support/child.ts";
import { failureOf } from "../support/failure.ts";
import { openFolder } from "../support/folder.ts";

interface Visit {
  readonly code?: string;
  readonly message?: string;
  readonly retryable?: boolean;
  readonly settings?: readonly { name: string; value: string }[];
}

const visit = (file: string, mode: "read" | "write") => resultOfChild<Visit>("visit-warehouse.ts", file, mode);

describe("the file of a warehouse", () => {
  it("belongs to one process while it is open, and to the next as soon as it is closed", async () => {
    await using folder = await openFolder();
    const file = folder.file("warehouse.duckdb");
    {
      await using warehouse = await openWarehouse(file);
      await warehouse.run("insert into meta.setting values ('made by', 'the first process')");
      const refused = await visit(file, "write");
      expect(refused).toMatchObject({ code: "WAREHOUSE_LOCKED", retryable: true });
      expect(refused.message).toBe(
        `${file} is in use by another process, and a warehouse has one writer at a time. ` +
          "Wait until that process ends, or stop it, and run this again.",
      );
    }
    expect((await visit(file, "write")).settings).toEqual([
      { name: "made by", value: "the first process" },
      { name: "visited by", value: "a second process" },
    ]);
    await using again = await openWarehouse(file);
    expect(await again.row("select count(*) as settings from meta.setting")).toEqual({ settings: 2 });
    expect(await folder.list()).toEqual(["warehouse.duckdb"]);
  });

  it.each([
    ["a stream was left early", "left"],
    ["a stream is still being read", "open"],
    ["queries still run", "running"],
  ])("is released although %s", async (_, how) => {
    await using folder = await openFolder();
    const file = folder.file("warehouse.duckdb");
    const warehouse = await openWarehouse(file);
    await warehouse.run("create table many as select range as n from range(200000)");
    const stream = warehouse.stream("from many");
    await stream.next();
    const endless = "select count(*) from many a, many b, many c where a.n * b.n = c.n";
    const running =
      how === "running" ? [failureOf(warehouse.rows(endless)), failureOf(warehouse.stream(endless).next())] : [];
    if (how === "left") await stream.return(undefined);
    await warehouse.close();
    expect(await visit(file, "write")).toHaveProperty("settings");
    for (const error of await Promise.all(running)) expect(error.code).toBe("QUERY_FAILED");
    if (how === "open") {
      expect((await failureOf(stream.next())).message).toBe("The warehouse was closed while a query was being read.");
    }
  });

  it("may be read by several processes at once", async () => {
    await using folder = await openFolder();
    const file = folder.file("warehouse.duckdb");
    await (await openWarehouse(file)).close();
    await using reader = await openWarehouse(file, { readOnly: true });
    expect(await visit(file, "read")).toEqual({ settings: [] });
    expect((await visit(file, "write")).code).toBe("WAREHOUSE_LOCKED");
    expect((await failureOf(reader.run("delete from meta.setting"))).message).toContain("read-only");
  });

  it("is shared when one process opens it twice", async () => {
    await using folder = await openFolder();
    const file = folder.file("warehouse.duckdb");
    const first = await openWarehouse(file);
    const second = await openWarehouse(file);
    await second.run("insert into meta.setting values ('written by', 'the second')");
    expect(await first.rows("select value from meta.setting")).toEqual([{ value: "the second" }]);
    await second.close();
    expect((await visit(file, "read")).code).toBe("WAREHOUSE_LOCKED");
    const { code, message } = await failureOf(openWarehouse(file, { readOnly: true }));
    expect([code, message]).toEqual([
      "WAREHOUSE_LOCKED",
      `${file} is open in this process with other options. Close it first, or open it with the same readOnly and memoryLimit.`,
    ]);
    await first.close();
    expect((await visit(file, "read")).settings).toHaveLength(1);
  });

  it("can be opened after its process was killed when it had just made the landing tables", async () => {
    await using folder = await openFolder();
    const file = folder.file("warehouse.duckdb");
    await killWhenItSpeaks("open-landing.ts", file);
    await using warehouse = await openWarehouse(file);
    expect(await warehouse.row("select count(*) as rows from landing.patient")).toEqual({ rows: 0 });
  });

  it.each([
    { first: false, second: true },
    { first: true, second: false },
  ])("is not opened once for reading and once for writing by one process: %o", async ({ first, second }) => {
    await using folder = await openFolder();
    const file = folder.file("clinic.duckdb");
    await (await openWarehouse(file)).close();
    await using _opened = await openWarehouse(file, { readOnly: first });
    expect(await failureOf(openWarehouse(file, { readOnly: second }))).toHaveProperty("code", "WAREHOUSE_LOCKED");
  });

  it("is as it was, and can be opened, after its process was killed in the middle of a transaction", async () => {
    await using folder = await openFolder();
    const file = folder.file("warehouse.duckdb");
    await killWhenItSpeaks("write-until-killed.ts", file);
    await using warehouse = await openWarehouse(file);
    expect(await warehouse.row("select count(*) as rows, min(n) as first, max(n) as last from results.kept")).toEqual({
      rows: 1000,
      first: 0,
      last: 999,
    });
    expect(await warehouse.rows("select run_id, status from meta.run")).toEqual([
      { run_id: "killed", status: "running" },
    ]);
    await warehouse.ledger?.begin({ runId: "next", stages: [], startedAt: new Date() });
    expect(await warehouse.rows("select run_id, status, message from meta.run order by started_at")).toEqual([
      { run_id: "killed", status: "aborted", message: "the process ended before the run did" },
      { run_id: "next", status: "running", message: null },
    ]);
  });

  it.each(["clinic.duckdb", "blocks-and-locks.duckdb"])("is refused when it is no DuckDB file: %s", async (name) => {
    await using folder = await openFolder();
    const file = await folder.write(name, randomBytes(20_000));
    const { code, message } = await failureOf(openWarehouse(file));
    expect(code).toBe("WAREHOUSE_INVALID");
    expect(message).toContain(`${file} could not be opened as a DuckDB file: `);
  });

  it("is refused when it is a file that DuckDB can read otherwise, and stays what it is", async () => {
    await using folder = await openFolder();
    const file = await folder.write("warehouse.json", '{"a":1}');
    const { code, message } = await failureOf(openWarehouse(file));
    expect(code).toBe("WAREHOUSE_INVALID");
    expect(message).toContain(`${file} could not be opened as a DuckDB file: `);
  });

  it("must exist for reading, and its folder for writing", async () => {
    await using folder = await openFolder();
    const reading = await failureOf(openWarehouse(folder.file("none.duckdb"), { readOnly: true }));
    expect(reading).toMatchObject({ code: "WAREHOUSE_INVALID", message: expect.stringContaining("does not exist") });
    const writing = await failureOf(openWarehouse(folder.file("no/none.duckdb")));
    expect(writing.message).toContain("No such file or directory");
    expect(await folder.list()).toEqual([]);
  });
});

describe("a warehouse that is closed", () => {
  it("may be closed again", async () => {
    const warehouse = await openWarehouse(":memory:");
    await Promise.all([warehouse.close(), warehouse.close()]);
    await warehouse.close();
  });

  it("says so to whoever still asks", async () => {
    const warehouse = await openWarehouse(":memory:");
    await warehouse.close();
    const closed = { code: "QUERY_FAILED", message: "The warehouse :memory: is closed." };
    await expect(warehouse.rows("select 1")).rejects.toMatchObject(closed);
    await expect(warehouse.stream("select 1").next()).rejects.toMatchObject(closed);
    await expect(warehouse.transaction(async () => {})).rejects.toMatchObject(closed);
  });

  it("in memory is no other one's", async () => {
    await using one = await openWarehouse(":memory:");
    await using other = await openWarehouse(":memory:");
    await one.run("insert into meta.setting values ('a', 'b')");
    expect(await other.rows("from meta.setting")).toEqual([]);
  });
});
