/** A plan as `explain (format json)` tells it. */
export interface PlanNode {
  readonly name: string;
  readonly children: readonly PlanNode[];
  readonly extra_info: Readonly<Record<string, unknown>>;
}

/** Whether a plan may give rows, from which tables may hold some. */
export type Needs = (mayHoldRows: (table: string) => boolean) => boolean;

const always: Needs = () => true;

/** The operators that give no row where none comes in. Of what is not listed here rows are expected. */
const passing = new Set([
  "INSERT",
  "DELETE",
  "UPDATE",
  "PROJECTION",
  "FILTER",
  "UNNEST",
  "HASH_GROUP_BY",
  "PERFECT_HASH_GROUP_BY",
  "PARTITIONED_AGGREGATE",
  "WINDOW",
  "STREAMING_WINDOW",
  "ORDER_BY",
  "TOP_N",
  "LIMIT",
  "STREAMING_LIMIT",
]);

const joins = new Set(["HASH_JOIN", "NESTED_LOOP_JOIN", "PIECEWISE_MERGE_JOIN", "IE_JOIN", "BLOCKWISE_NL_JOIN"]);

/** By the type of a join: the side without whose rows there are none. */
const sides: Readonly<Record<string, readonly (0 | 1)[]>> = {
  INNER: [0, 1],
  SEMI: [0, 1],
  RIGHT_SEMI: [0, 1],
  LEFT: [0],
  ANTI: [0],
  SINGLE: [0],
  MARK: [0],
  RIGHT: [1],
  RIGHT_ANTI: [1],
};

/** Without rows in which tables a plan has nothing to give or to change, whatever the others hold. */
export function needsOf(plan: PlanNode): Needs {
  const shared = new Map<unknown, Needs>();
  const needs = ({ name, children, extra_info: info }: PlanNode): Needs => {
    const of = children.map((child, i) => {
      const found = needs(child);
      if (name === "CTE" && i === 0) shared.set(info["Table Index"], found);
      return found;
    });
    if (name === "SEQ_SCAN" && typeof info.Table === "string") {
      const table = info.Table.replaceAll('"', "");
      return (mayHoldRows) => mayHoldRows(table);
    }
    if (name === "CTE_SCAN") return shared.get(info["CTE Index"]) ?? always;
    if (name === "CTE") return of[1]!;
    if (name === "REC_CTE") return of[0]!;
    if (name === "UNION") return (mayHoldRows) => of.some((child) => child(mayHoldRows));
    if (name === "CROSS_PRODUCT") return (mayHoldRows) => of.every((child) => child(mayHoldRows));
    if (passing.has(name) && of.length === 1) return of[0]!;
    const wanted = joins.has(name) ? sides[String(info["Join Type"])] : undefined;
    return wanted ? (mayHoldRows) => wanted.every((side) => of[side]!(mayHoldRows)) : always;
  };
  return needs(plan);
}
