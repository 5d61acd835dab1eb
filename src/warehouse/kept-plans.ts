import { appendRows } from "./append.ts";
import { type Needs, needsOf, type PlanNode } from "./plan-needs.ts";
import { splitStatements } from "./sql-text.ts";
import type { PlannedStatement, QueryOptions, QueryParameters, Warehouse } from "./warehouse.ts";

/** A statement that was planned, and when it need not be run. */
interface KeptPlan {
  readonly statement: PlannedStatement;
  readonly needs: Needs;
  /** The table that it puts rows into. */
  readonly fills: string | undefined;
}

/** So many texts are kept as plans; what comes beyond is run as anywhere. */
const mostTexts = 1000;

/**
 * A warehouse for work that is done again and again on few rows, where to plan the queries takes longer than to run them: each
 * statement is planned when it first comes, and a statement that can find no row, and so can give or change nothing, is passed over.
 *
 * `work` is gone through once, to make what the work makes: a temporary table is from then on filled instead of made, and emptied
 * instead of dropped; macros and views stay. Its other changes are not made then, and its queries find nothing.
 *
 * Each repetition is to be a transaction that is rolled back in the end, so that the next one finds the tables empty. What makes
 * something that `work` did not is run as anywhere, and what was planned is planned again for it.
 *
 * DuckDB plans by the values that it finds in the tables, and would go on with such a plan when they are others: it must have
 * been told not to, by `set disabled_optimizers = 'statistics_propagation'`.
 */
export async function keepPlans(
  warehouse: Warehouse,
  work: (warehouse: Warehouse) => Promise<void>,
): Promise<Warehouse> {
  const texts = new Map<string, readonly string[]>();
  const learning = withQueries(warehouse, {
    async run(sql) {
      if (!texts.has(sql)) texts.set(sql, await makeOnce(warehouse, sql));
    },
    rows: warehouse.rows,
  });
  await work(learning);
  return withQueries(warehouse, await plannedQueries(warehouse, texts));
}

type Queries = Pick<Warehouse, "run" | "rows">;

function withQueries(warehouse: Warehouse, { run, rows }: Queries): Warehouse {
  const changed: Warehouse = {
    ...warehouse,
    run,
    rows,
    async row<R>(sql: string, parameters?: QueryParameters, options?: QueryOptions) {
      return (await rows<R>(sql, parameters, options))[0];
    },
    append: (table, appended) => appendRows(changed, table, appended),
  };
  return changed;
}

/** Makes what a text makes, and gives the statements that stand for it from then on. */
async function makeOnce(warehouse: Warehouse, sql: string): Promise<readonly string[]> {
  const repeated: string[] = [];
  for (const statement of splitStatements(sql)) {
    const [made, table, as] = /^create or replace temp table (\w+) (as\s)?/.exec(statement) ?? [];
    const [, dropped] = /^drop table (\w+)$/.exec(statement) ?? [];
    if (made !== undefined) {
      const definition = statement.slice(made.length);
      const create = `create temp table if not exists ${table}`;
      await warehouse.run(as ? `${create} as\n${definition}\nwith no data` : `${create} ${definition}`);
      repeated.push(`delete from ${table}`);
      if (as) repeated.push(`insert into ${table}\n${definition}`);
    } else if (dropped !== undefined) repeated.push(`delete from ${dropped}`);
    else if (makes(statement)) await warehouse.run(statement);
    else repeated.push(statement);
  }
  return repeated;
}

const makes = (statement: string) => /^(create|drop|alter|set|reset|attach|detach)\s/.test(statement);

const isOfTransaction = (sql: string) => /^(begin|commit|rollback)\b/.test(sql);

async function plannedQueries(warehouse: Warehouse, texts: Map<string, readonly string[]>): Promise<Queries> {
  const plans = new Map<string, readonly KeptPlan[]>();
  const empty = await emptyTables(warehouse);
  /** The tables that were filled since the beginning of the transaction; undefined: it may be any. */
  let filled: Set<string> | undefined = new Set();
  const mayHoldRows = (table: string) => filled === undefined || filled.has(table) || !empty.has(table);

  const plansOf = async (sql: string) => {
    const known = plans.get(sql);
    if (known || plans.size === mostTexts) return known;
    const statements = texts.get(sql) ?? splitStatements(sql);
    if (statements.some(makes)) return undefined;
    const kept: KeptPlan[] = [];
    for (const statement of statements) kept.push(await planOf(warehouse, statement));
    plans.set(sql, kept);
    return kept;
  };
  const execute = async <R>(plan: KeptPlan, parameters?: QueryParameters, options?: QueryOptions): Promise<R[]> => {
    if (!plan.needs(mayHoldRows)) return [];
    const { rows, changed } = await plan.statement.run<R>(parameters, options);
    if (plan.fills !== undefined && changed > 0) filled?.add(plan.fills);
    return rows;
  };
  return {
    async run(sql, parameters, options) {
      if (sql === "rollback") filled = new Set();
      const kept = isOfTransaction(sql) ? undefined : await plansOf(sql);
      if (kept) for (const plan of kept) await execute(plan, parameters, options);
      else {
        if (!isOfTransaction(sql)) filled = undefined;
        await warehouse.run(sql, parameters, options);
      }
    },
    async rows<R>(sql: string, parameters?: QueryParameters, options?: QueryOptions) {
      const [plan] = (await plansOf(sql)) ?? [];
      return plan ? await execute<R>(plan, parameters, options) : await warehouse.rows<R>(sql, parameters, options);
    },
  };
}

async function planOf(warehouse: Warehouse, statement: string): Promise<KeptPlan> {
  const [, target] = /^insert into ([\w."]+)/.exec(statement) ?? [];
  return {
    statement: await warehouse.plan(statement),
    needs: await needsOfStatement(warehouse, statement),
    fills: target && nameInPlans(warehouse, target.replaceAll('"', "")),
  };
}

const nameInPlans = ({ database }: Warehouse, name: string) =>
  name.includes(".") ? `${database}.${name}` : `temp.main.${name}`;

async function needsOfStatement(warehouse: Warehouse, statement: string): Promise<Needs> {
  if (!/^(select|from|with|insert|update|delete)\s/.test(statement) || /\$\d/.test(statement)) return () => true;
  const explained = await warehouse.row<{ explain_value: string }>(`explain (format json) ${statement}`);
  return needsOf((JSON.parse(explained!.explain_value) as [PlanNode])[0]);
}

async function emptyTables(warehouse: Warehouse): Promise<ReadonlySet<string>> {
  const rows = await warehouse.rows<{ name: string }>(
    `select concat_ws('.', database_name, schema_name, table_name) as name
     from duckdb_tables()
     where database_name in ('temp', current_database()) and estimated_size = 0`,
  );
  return new Set(rows.map(({ name }) => name));
}
