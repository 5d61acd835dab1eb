import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { keepPlans } from "../../src/warehouse/kept-plans.ts";
import { openWarehouse, type Warehouse } from "../../src/warehouse/warehouse.ts";

describe("keepPlans", () => {
  let warehouse: Warehouse;
  beforeEach(async () => {
    warehouse = await openWarehouse(":memory:");
    await warehouse.run("set threads = 1; set disabled_optimizers = 'statistics_propagation'");
    await warehouse.run(
      "create temp table given (name varchar, number bigint); create temp table wanted (number bigint)",
    );
  });
  afterEach(() => warehouse.close());

  const repeat = async <R>(planned: Warehouse, work: (planned: Warehouse) => Promise<R>): Promise<R> => {
    await planned.run("begin transaction");
    try {
      return await work(planned);
    } finally {
      await planned.run("rollback");
    }
  };

  const work = async (target: Warehouse, rows: readonly object[]) => {
    await target.append("given", rows);
    await target.run(`
      -- Values that no plan over empty tables expects; a comment may hold ; and '.
      create or replace temp table summed as
      select name is null as unnamed, any_value(name || ';') as name, sum(number)::bigint as number from given group by name;
      create or replace temp macro twice(x) as 2 * x;
      create or replace temp table step (number bigint);
      insert into step select twice(number) from summed;
      drop table step`);
    return await target.rows("select unnamed, name, number from summed order by all");
  };

  test("each repetition gives what its own rows give, whatever came before", async () => {
    const planned = await keepPlans(warehouse, async (learning) => void (await work(learning, [])));
    const inputs = [
      [{ name: "a", number: 1 }],
      [],
      [
        { name: null, number: 2 ** 40 },
        { name: "a name longer than those that fit into a word", number: -1 },
      ],
      [{ name: "a", number: 1 }],
    ];
    const answers = [];
    for (const rows of inputs) answers.push(await repeat(planned, (target) => work(target, rows)));
    expect(answers).toEqual([
      [{ unnamed: false, name: "a;", number: 1 }],
      [],
      [
        { unnamed: false, name: "a name longer than those that fit into a word;", number: -1 },
        { unnamed: true, name: null, number: 2 ** 40 },
      ],
      [{ unnamed: false, name: "a;", number: 1 }],
    ]);
  });

  test.each([
    ["dropped between", "drop table part"],
    ["not dropped", ""],
  ])("a table that is made twice in the work holds what it was made of last: %s", async (_, drop) => {
    const counts = async (target: Warehouse) => {
      const found = [];
      for (const number of [1, 2]) {
        await target.run(`create or replace temp table part as select ${number} as number from given`);
        found.push(await target.rows("from part"));
        await target.run(drop);
      }
      return found;
    };
    const planned = await keepPlans(warehouse, async (learning) => void (await counts(learning)));
    const found = await repeat(planned, async (target) => {
      await target.run("insert into given values ('a', 1)");
      return await counts(target);
    });
    expect(found).toEqual([[{ number: 1 }], [{ number: 2 }]]);
  });

  test("what makes something that the work did not is run, and rolled back with the rest", async () => {
    const planned = await keepPlans(warehouse, async (learning) => void (await work(learning, [])));
    const withMore = (target: Warehouse) =>
      repeat(target, async () => {
        await target.run("create temp table more as select 'a' as name, 1 as number; insert into given from more");
        return await work(target, [{ name: "a", number: 2 }]);
      });
    expect(await withMore(planned)).toEqual([{ unnamed: false, name: "a;", number: 3 }]);
    expect(await withMore(planned)).toEqual([{ unnamed: false, name: "a;", number: 3 }]);
    expect(await repeat(planned, (target) => work(target, []))).toEqual([]);
  });

  test("a repetition that fails leaves nothing to the next", async () => {
    const planned = await keepPlans(warehouse, async (learning) => void (await work(learning, [])));
    await expect(
      repeat(planned, async (target) => {
        await work(target, [{ name: "a", number: 1 }]);
        await target.run("insert into wanted select name::bigint from given");
      }),
    ).rejects.toMatchObject({ code: "QUERY_FAILED" });
    expect(await repeat(planned, (target) => work(target, []))).toEqual([]);
  });

  // A statement that is passed over must be one that would have found nothing.
  test("queries find the same as where nothing is passed over", async () => {
    const queries = [
      "select number from given left join wanted using (number)",
      "select number from given right join wanted using (number)",
      "select number from given full join wanted using (number)",
      "select number from given join wanted using (number)",
      "select number from given semi join wanted using (number)",
      "select number from given anti join wanted using (number)",
      "select given.number from given, wanted",
      "select given.number from given join wanted on wanted.number < given.number",
      "select number from given where number not in (from wanted)",
      "select number from given where number = (select max(number) from wanted)",
      "select number from given where exists (from wanted where wanted.number = given.number)",
      "select number from given union all from wanted",
      "select number from given except from wanted",
      "select number from given intersect from wanted",
      "select count(*) as number from given",
      "select sum(number)::bigint as number from given group by name",
      "select number from given qualify row_number() over (partition by name order by number) = 1",
      "select unnest([number, 1]) as number from given",
      "select unnest([1, 2]) as number",
      "select number from (select unnest([1, 2]) as number) anti join wanted using (number)",
      "with once as materialized (from wanted) select number from once union all select number from once semi join given using (number)",
      "with recursive up as (select number from given union all select number + 1 from up where number < 3) from up",
      "select number from given order by number limit 1",
    ];
    const ask = async (target: Warehouse) => {
      const found = [];
      for (const query of queries) found.push(await target.rows(`select number from (${query}) order by number`));
      return found;
    };
    const planned = await keepPlans(warehouse, async (learning) => void (await ask(learning)));
    const row = fc.record({ name: fc.constantFrom("a", null), number: fc.integer({ min: 1, max: 3 }) });
    const rows = fc.oneof(fc.constant([]), fc.array(row, { maxLength: 3 }));
    await fc.assert(
      fc.asyncProperty(rows, rows, async (given, wanted) => {
        await repeat(planned, async () => {
          await planned.append("given", given);
          await planned.append("wanted", wanted);
          expect(await ask(planned)).toEqual(await ask(warehouse));
        });
      }),
      {
        numRuns: 10,
        examples: [
          [[], []],
          [[{ name: "a", number: 1 }], []],
          [[], [{ name: "a", number: 1 }]],
        ],
      },
    );
  });
});
