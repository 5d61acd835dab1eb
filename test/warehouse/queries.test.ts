import { setTimeout as sleep } from "node:timers/promises";
import fc from "fast-check";
import { afterAll, describe, expect, it } from "vitest";
import { identifier, literal, literalList, sqlText } from "../../src/warehouse/sql-text.ts";
import { openWarehouse, type Warehouse } from "../../src/warehouse/warehouse.ts";
import { failureOf } from "../support/failure.ts";

const warehouse = await openWarehouse(":memory:");
afterAll(() => warehouse.close());
await warehouse.run("create table many as select range as n from range(300000)");

/** Would take hours. */
const endless = "select count(*) as pairs from many a, many b, many c where a.n * b.n + c.n = 7";

describe("a query", () => {
  it("gives its rows as objects, its first row, or nothing", async () => {
    expect(await warehouse.rows("select range as n from range(2) order by n")).toEqual([{ n: 0 }, { n: 1 }]);
    expect(await warehouse.row("select 'a' as x, null as y")).toEqual({ x: "a", y: null });
    expect(await warehouse.row("select 1 where false")).toBeUndefined();
  });

  it("takes values for $1, $2 …, NULL among them", async () => {
    const values = ["it's", 1.5, 2n ** 60n, true, null];
    expect(await warehouse.row("select $1 as a, $2 as b, $3 as c, $4 as d, $5 as e", values)).toEqual({
      a: "it's",
      b: 1.5,
      c: 2n ** 60n,
      d: true,
      e: null,
    });
  });

  it("keeps both of two columns of one name", async () => {
    expect(Object.values((await warehouse.row("select 1 as n, 2 as n"))!)).toEqual([1, 2]);
  });

  it("may be two statements in one run", async () => {
    await warehouse.run("create temp table two (n integer); insert into two values (1), (2);");
    expect(await warehouse.row("select sum(n) as sum from two")).toEqual({ sum: 3 });
  });

  it("tells the columns of a table and of a query", async () => {
    const columns = await warehouse.columns("(select 1::bigint as id, ['a'] as names)");
    expect(columns.map(({ name, type }) => `${name} ${type}`)).toEqual(["id BIGINT", "names VARCHAR[]"]);
  });

  it("that is wrong rejects with DuckDB's own words and the error behind them", async () => {
    const error = await failureOf(warehouse.rows("select nothing from nowhere"));
    expect(error).toMatchObject({ code: "QUERY_FAILED", cause: expect.any(Error) });
    expect(error.message).toContain("nowhere");
  });
});

describe("a stream", () => {
  it("gives the rows of a query of any size, in batches of at most 2,048", async () => {
    let rows = 0;
    let largest = 0;
    let sum = 0;
    for await (const batch of warehouse.stream<{ n: number }>("from many")) {
      rows += batch.length;
      largest = Math.max(largest, batch.length);
      for (const { n } of batch) sum += n;
    }
    expect([rows, largest, sum]).toEqual([300_000, 2048, 44_999_850_000]);
  });

  it("reads what was there when it began, while the warehouse writes", async () => {
    await warehouse.run("create or replace table growing as select range as n from range(20000)");
    let rows = 0;
    for await (const batch of warehouse.stream("from growing")) {
      rows += batch.length;
      await warehouse.append("growing", [{ n: -rows }]);
      await warehouse.run("delete from growing where n >= 0");
    }
    expect(rows).toBe(20_000);
    expect(await warehouse.row("select count(*) as rows from growing")).toEqual({ rows: 10 });
  });

  it("may be left early, and others may be read at the same time", async () => {
    for await (const batch of warehouse.stream<{ n: number }>("from many order by n")) {
      expect(batch[0]).toEqual({ n: 0 });
      for await (const other of warehouse.stream<{ n: number }>("from many order by n desc")) {
        expect(other[0]).toEqual({ n: 299_999 });
        break;
      }
      break;
    }
  });

  it("says what is wrong with its query when it is first asked", async () => {
    expect((await failureOf(warehouse.stream("from nowhere").next())).code).toBe("QUERY_FAILED");
  });
});

describe("a signal", () => {
  async function stop(call: (signal: AbortSignal) => Promise<unknown>): Promise<number> {
    const controller = new AbortController();
    const reason = new Error("Ctrl-C");
    const stopped = expect(call(controller.signal)).rejects.toBe(reason);
    await sleep(50);
    const start = performance.now();
    controller.abort(reason);
    await stopped;
    return performance.now() - start;
  }

  it("interrupts a long query, which rejects with the reason", async () => {
    expect(await stop((signal) => warehouse.rows(endless, undefined, { signal }))).toBeLessThan(2000);
    expect(await stop((signal) => warehouse.run(endless, undefined, { signal }))).toBeLessThan(2000);
    expect(await stop((signal) => warehouse.stream(endless, { signal }).next())).toBeLessThan(2000);
  });

  it("interrupts a query that has hardly begun", async () => {
    for (let delay = 0; delay < 5; delay++) {
      const controller = new AbortController();
      const stopped = expect(warehouse.rows(endless, undefined, { signal: controller.signal })).rejects.toThrow("now");
      for (let turns = delay; turns > 0; turns--) await Promise.resolve();
      controller.abort(new Error("now"));
      await stopped;
    }
  });

  it("leaves the warehouse usable, and other queries alone", async () => {
    const other = warehouse.stream<{ n: number }>("from many");
    const read = async () => {
      let rows = 0;
      for await (const batch of other) rows += batch.length;
      return rows;
    };
    await other.next();
    await stop((signal) => warehouse.rows(endless, undefined, { signal }));
    expect(await read()).toBe(300_000 - 2048);
    expect(await warehouse.row("select 1 as one")).toEqual({ one: 1 });
  });

  it("ends a stream between two batches", async () => {
    const controller = new AbortController();
    const read = async () => {
      for await (const _ of warehouse.stream("from many", { signal: controller.signal })) controller.abort();
    };
    await expect(read()).rejects.toThrow(expect.objectContaining({ name: "AbortError" }));
  });

  it("that has said stop before lets no query begin", async () => {
    const signal = AbortSignal.abort();
    await expect(warehouse.run("create table never (n integer)", undefined, { signal })).rejects.toThrow();
    await expect(warehouse.columns("never")).rejects.toThrow("never");
  });
});

describe("a transaction", () => {
  async function notes(target: Warehouse) {
    return (await target.rows<{ text: string }>("select text from note order by text")).map(({ text }) => text);
  }

  it("keeps all of its work", async () => {
    await warehouse.run("create or replace table note (text varchar)");
    const given = await warehouse.transaction(async () => {
      await warehouse.run("insert into note values ('a')");
      await warehouse.append("note", [{ text: "b" }]);
      return 7;
    });
    expect(given).toBe(7);
    expect(await notes(warehouse)).toEqual(["a", "b"]);
  });

  it("keeps nothing when the work fails, tables that were made included", async () => {
    await warehouse.run("create or replace table note (text varchar)");
    const reason = new Error("no");
    const failing = warehouse.transaction(async () => {
      await warehouse.run("insert into note values ('a')");
      await warehouse.run("create table made (n integer)");
      throw reason;
    });
    await expect(failing).rejects.toBe(reason);
    expect(await notes(warehouse)).toEqual([]);
    await expect(warehouse.columns("made")).rejects.toThrow("made");
  });

  it("keeps nothing when a statement in it fails, and the next one works", async () => {
    await warehouse.run("create or replace table note (text varchar)");
    const failing = warehouse.transaction(() => warehouse.run("insert into note values ('a'); select * from nowhere"));
    expect((await failureOf(failing)).message).toContain("nowhere");
    await warehouse.transaction(() => warehouse.run("insert into note values ('c')"));
    expect(await notes(warehouse)).toEqual(["c"]);
  });

  it("does not nest: the inner one is refused, and the outer one keeps nothing", async () => {
    await warehouse.run("create or replace table note (text varchar)");
    const nested = warehouse.transaction(async () => {
      await warehouse.run("insert into note values ('a')");
      await warehouse.transaction(() => warehouse.run("insert into note values ('b')"));
    });
    expect((await failureOf(nested)).message).toContain("cannot start a transaction within a transaction");
    expect(await notes(warehouse)).toEqual([]);
  });

  it("says why it could not be kept, when it is the end that fails", async () => {
    await warehouse.run("create or replace table once (n integer primary key)");
    const late = warehouse.transaction(async () => {
      await warehouse.run("insert into once values (1)");
      for await (const _ of warehouse.stream("insert into once values (1) returning n"));
    });
    expect((await failureOf(late)).message).toContain("PRIMARY KEY");
    expect(await warehouse.rows("from once")).toEqual([{ n: 1 }]);
  });

  it("is not seen by a stream before it ends", async () => {
    await warehouse.run("create or replace table note (text varchar)");
    await warehouse.transaction(async () => {
      await warehouse.run("insert into note values ('a')");
      expect((await warehouse.stream("from note").next()).done).toBe(true);
    });
    expect((await warehouse.stream("from note").next()).value).toEqual([{ text: "a" }]);
  });
});

describe("SQL in files", () => {
  it("has its parts put in", () => {
    expect(sqlText(import.meta.url, "part.sql", { table: "person", condition: "true" })).toBe(
      "select count(*) as rows from person where true and true;\n",
    );
  });

  it("throws when it asks for a part that was not given", () => {
    expect(() => sqlText(import.meta.url, "part.sql", { table: "person" })).toThrow(
      "part.sql asks for {{condition}}, which was not given",
    );
  });
});

describe("text in SQL", () => {
  const anyText = fc.string({ unit: "grapheme" }).filter((text) => !text.includes("\u0000"));

  it("is itself again as a literal, alone and in a list", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(anyText, { minLength: 1 }), async (texts) => {
        const row = await warehouse.row(`select ${literal(texts[0]!)} as one, ${literalList(texts)} as all_of_them`);
        expect(row).toEqual({ one: texts[0], all_of_them: texts });
      }),
      { numRuns: 50 },
    );
  });

  it("is itself again as a name", async () => {
    await fc.assert(
      fc.asyncProperty(
        anyText.filter((text) => text !== ""),
        async (name) => {
          const [column] = await warehouse.columns(`(select 1 as ${identifier(name)})`);
          expect(column?.name).toBe(name);
        },
      ),
      { numRuns: 50 },
    );
  });
});
