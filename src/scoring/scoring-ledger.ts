import type { StageContext } from "../pipeline/stage.ts";
import { literal, sqlText } from "../warehouse/sql-text.ts";
import type { Warehouse } from "../warehouse/warehouse.ts";
import type { Exclusion, Score, Scorer } from "./scorer.ts";

/** A person who could not be scored. */
export interface Failure {
  readonly patient_id: string;
  readonly code: string;
  readonly message: string;
  /** Whether the next call is the same one again: nobody knows whether the service has carried out this one. */
  readonly same_key: boolean;
}

/** What came back, of some persons. */
export interface Given {
  readonly scores?: readonly Score[];
  readonly exclusions?: readonly Exclusion[];
  readonly failures?: readonly Failure[];
}

/** How many persons have which answer. */
export interface Counts {
  scored: number;
  excluded: number;
  failed: number;
}

/** Some persons, those in a batch, or all who are still due. */
export type Asked = { readonly persons: readonly number[] } | { readonly batchKey: string } | "due";

/** What was asked of a service and what it said, as the warehouse keeps it. */
export interface ScoringLedger {
  readonly service: string;
  readonly request: string;
  /** Writes down who is to be asked for now, each with the key of the call; gives how many. */
  plan(): Promise<number>;
  /** Puts aside what came back, until `store`. */
  putAside(given: Given): Promise<void>;
  /** Puts the same failure aside for all of them. */
  putAsideFailure(of: Asked, failure: Omit<Failure, "patient_id">): Promise<void>;
  /**
   * Stores what was put aside of them, in one transaction. Who got no answer is an error. `more` is done in the same
   * transaction.
   */
  store(of: Asked, more?: () => Promise<void>): Promise<Counts>;
  /** Forgets what was put aside. */
  clear(): Promise<void>;
}

/** Opens the tables of scores and of what was asked for. */
export async function openLedger(
  { target: warehouse, runId }: StageContext<Warehouse>,
  scorer: Scorer,
): Promise<ScoringLedger> {
  const sql = (file: string, parts: Readonly<Record<string, string>> = {}) =>
    sqlText(import.meta.url, `sql/${file}`, parts);
  const service = scorer.modelSource;
  const request = scorer.outcomes === undefined ? "" : JSON.stringify([...new Set(scorer.outcomes)].sort());
  const parts = { service: literal(service), request: literal(request), run_id: literal(runId) };
  await warehouse.run(sql("results.sql"));

  const personsOf = (of: Asked): string => {
    if (of === "due") {
      return `select person_id from meta.scoring
        where service = ${literal(service)} and request = ${literal(request)} and status = 'due'`;
    }
    if ("persons" in of) return `select unnest([${of.persons.join(", ")}]::bigint[])`;
    return `select person_id from meta.scoring where batch_key = ${literal(of.batchKey)}`;
  };

  const ledger: ScoringLedger = {
    service,
    request,

    async plan() {
      const all = scorer.outcomes === undefined || scorer.again === true;
      await warehouse.transaction(() => warehouse.run(sql("plan.sql", { ...parts, all: String(all) })));
      return (await warehouse.row<{ due: number }>("select count(*) as due from due_person"))!.due;
    },

    async putAside({ scores = [], exclusions = [], failures = [] }) {
      await warehouse.append(
        "given_score",
        scores.map((score) => ({ ...score, model_source: score.model_source ?? service })),
      );
      await warehouse.append("given_exclusion", exclusions);
      await warehouse.append("given_error", failures);
    },

    async putAsideFailure(of, { code, message, same_key }) {
      await warehouse.run(
        `insert into given_error
         select patient_id, $1, $2, $3
         from meta.scoring
         where service = ${literal(service)} and request = ${literal(request)} and person_id in (${personsOf(of)})`,
        [code, message, same_key],
      );
    },

    async store(of, more) {
      const scored_at = `timestamp ${literal(new Date().toISOString().slice(0, 19))}`;
      const counts: Counts = { scored: 0, excluded: 0, failed: 0 };
      await warehouse.transaction(async () => {
        await warehouse.run(`insert into asked_person ${personsOf(of)}`);
        await warehouse.run(sql("store.sql", { ...parts, scored_at }));
        await more?.();
        const rows = await warehouse.rows<{ status: keyof Counts; persons: number }>(
          "select status, count(*) as persons from answer group by all",
        );
        for (const { status, persons } of rows) counts[status] = persons;
        await ledger.clear();
      });
      return counts;
    },

    async clear() {
      await warehouse.run(
        "delete from asked_person; delete from given_score; delete from given_exclusion; delete from given_error",
      );
    },
  };
  await ledger.clear();
  return ledger;
}
