import { setImmediate as nextTurn, setTimeout as sleep } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { type Histories, patientHistories } from "../../src/features/patient-histories.ts";
import { type Mapped, mappedWarehouse } from "../../src/omop/map-to-omop.ts";
import { OmopipeError } from "../../src/pipeline/errors.ts";
import { pipeline, type RunOptions } from "../../src/pipeline/pipeline.ts";
import type { ProgressEvent, Stage } from "../../src/pipeline/stage.ts";
import { scoreWith } from "../../src/scoring/score-with.ts";
import type { Score, Scorer } from "../../src/scoring/scorer.ts";
import type { Warehouse } from "../../src/warehouse/warehouse.ts";
import { concept, condition, openCdm, person } from "../support/cdm.ts";
import { failureOf } from "../support/failure.ts";
import { openFolder } from "../support/folder.ts";

/** Persons with one diagnosis each: nobody without any code has a history. */
const openPersons = (count: number) => {
  const ids = Array.from({ length: count }, (_, i) => i + 1);
  return openCdm({
    "vocab.concept": [concept(9_001, "ICD10CM", "I10")],
    "cdm.person": ids.map((id) => person(id)),
    "cdm.condition_occurrence": ids.map((id) => condition(id, "2024-12-01", { source: 9_001 })),
  });
};

const scoreOf = (patient_id: string, outcome_id: string, probability = 0.5): Score => ({
  patient_id,
  outcome_id,
  probability,
  prob_lower_95_percent_bound: 0.4,
  prob_upper_95_percent_bound: 0.6,
  relative_probability: 1,
  rel_lower_95_percent_bound: 0.9,
  rel_upper_95_percent_bound: 1.1,
  bin_id: 5,
  num_bins: 10,
});

/** A scorer of the user's own, in this process. */
const own = (score: Scorer["score"], more: Partial<Scorer> = {}): Scorer => ({
  name: "own",
  modelSource: "own rule 1",
  concurrency: 4,
  score,
  ...more,
});

const simple = own(async ({ patientId }) => ({ scores: [scoreOf(patientId, "outcome")] }));

const score = (warehouse: Warehouse, scorer: Scorer, options: RunOptions = {}) =>
  pipeline(mappedWarehouse(), patientHistories({ asOf: "2026-01-01", patientId: "person_id" }), scoreWith(scorer)).run(
    warehouse,
    options,
  );

const count = async (warehouse: Warehouse, table: string) =>
  (await warehouse.row<{ rows: number }>(`select count(*) as rows from results.${table}`))!.rows;

describe("a scorer of one's own", () => {
  it("is given the history of each person once, and a signal", async () => {
    await using warehouse = await openPersons(3000);
    const asked: string[] = [];
    const noting = own(async ({ patientId, history }, { signal }) => {
      expect([history.patient.patient_id, signal.aborted]).toEqual([patientId, false]);
      asked.push(patientId);
      await nextTurn();
      return { scores: [scoreOf(patientId, "outcome")] };
    });
    expect(await score(warehouse, noting)).toMatchObject({ scored: 3000, failed: 0 });
    expect(new Set(asked).size).toBe(3000);
    expect(asked).toHaveLength(3000);
    expect(await warehouse.row("select count(*) as a, count(distinct person_id) as b from results.risk_score")).toEqual(
      { a: 3000, b: 3000 },
    );
  });

  it("needs no memory for the texts of all, also where another has scored before", { timeout: 60_000 }, async () => {
    await using folder = await openFolder();
    await using warehouse = await openCdm({ "cdm.person": [person(1)] }, folder.file("warehouse.duckdb"));
    await score(warehouse, simple);
    const patients = 24_000;
    // 340 MB of texts.
    await warehouse.run(
      `insert into features.patient_history by name
       select
         range as person_id, range::varchar as patient_id, date '1950-06-01' as birth_date, 'F' as sex, '000' as zip3,
         date '2026-01-01' as as_of, to_json(repeat('x', 14_000)) as history, md5(range::varchar) as history_hash,
         hash(history::varchar) as history_check, 200 as events, 0 as not_expressed, range as fingerprint, 'run' as run_id
       from range(${patients})`,
    );
    const asTheyAre: Stage<Mapped, Histories, Warehouse> = {
      name: "histories",
      execute: async (mapped) => ({
        ...mapped,
        stage: "histories",
        asOf: "2026-01-01",
        patients,
        excluded: 0,
        notExpressed: 0,
        built: 0,
      }),
    };
    const scored = (modelSource: string) =>
      pipeline(mappedWarehouse(), asTheyAre, scoreWith(own(simple.score, { modelSource, outcomes: ["outcome"] }))).run(
        warehouse,
      );
    await scored("own rule 1");
    await warehouse.run("checkpoint; set memory_limit = '200MB'");
    expect(await scored("own rule 2")).toMatchObject({ scored: patients, failed: 0 });
  });

  it("may score several outcomes; scoring one of them again replaces that one only", async () => {
    await using warehouse = await openPersons(2);
    const two = own(async ({ patientId }) => ({
      scores: [scoreOf(patientId, "a", 0.1), scoreOf(patientId, "b", 0.2)],
    }));
    const one = own(async ({ patientId }) => ({ scores: [scoreOf(patientId, "a", 0.9)] }));
    await score(warehouse, two);
    await score(warehouse, one);
    expect(
      await warehouse.rows("select person_id, outcome_id, probability from results.risk_score order by all"),
    ).toEqual([
      { person_id: 1, outcome_id: "a", probability: 0.9 },
      { person_id: 1, outcome_id: "b", probability: 0.2 },
      { person_id: 2, outcome_id: "a", probability: 0.9 },
      { person_id: 2, outcome_id: "b", probability: 0.2 },
    ]);
  });

  it("may take outcome names that look like SQL", async () => {
    await using warehouse = await openPersons(1);
    const odd = own(async ({ patientId }) => ({
      scores: [scoreOf(patientId, `o'"; drop table results.risk_score --`)],
    }));
    await score(warehouse, odd);
    await score(warehouse, odd);
    expect(await count(warehouse, "risk_score")).toBe(1);
  });

  it("that fails for a person has that person listed, whatever it throws", async () => {
    await using warehouse = await openPersons(4);
    const picky = own(async ({ patientId }) => {
      if (patientId === "1") throw new TypeError("no such rule");
      if (patientId === "2") throw new OmopipeError("JOB_TIMEOUT", "It took too long.", { retryable: true });
      if (patientId === "3") return { scores: [scoreOf("another", "outcome")] };
      return { scores: [scoreOf(patientId, "outcome")] };
    });
    expect(await score(warehouse, picky)).toMatchObject({ scored: 1, failed: 3 });
    expect(await warehouse.rows("select person_id, code, message from results.scoring_error order by all")).toEqual([
      { person_id: 1, code: "STAGE_FAILED", message: "scoreWith(own): no such rule" },
      { person_id: 2, code: "JOB_TIMEOUT", message: "It took too long." },
      { person_id: 3, code: "SCORING_FAILED", message: "The service gave no score for this person." },
    ]);
  });

  it("does not touch what another one has listed", async () => {
    await using warehouse = await openPersons(2);
    const refuse = async ({ patientId }: { patientId: string }) => {
      if (patientId === "1") throw new Error("no");
      return { scores: [scoreOf(patientId, "outcome")] };
    };
    await score(warehouse, own(refuse, { modelSource: "left" }));
    await score(warehouse, own(refuse, { modelSource: "right" }));
    await score(warehouse, own(simple.score, { modelSource: "right" }));
    expect(await warehouse.rows("select model_source from results.scoring_error")).toEqual([{ model_source: "left" }]);
  });

  it("has nothing to do where there are no histories", async () => {
    await using warehouse = await openCdm({ "cdm.location": [{ location_id: 1 }] });
    expect(await score(warehouse, simple)).toMatchObject({ scored: 0, failed: 0, patients: 0 });
  });

  it("is told of by the number of patients done", async () => {
    await using warehouse = await openPersons(3000);
    const events: ProgressEvent[] = [];
    await score(warehouse, simple, { onProgress: (event) => events.push(event) });
    const running = events.filter(({ stage, state }) => stage === "scoreWith(own)" && state === "running");
    expect(running.length).toBeGreaterThan(1);
    expect(running.at(-1)).toMatchObject({ done: 3000, total: 3000, unit: "patients" });
  });
});

describe("a scorer that names its outcomes", () => {
  /** Scores each outcome that it is asked for, and notes who is asked for what. */
  const noting = (outcomes: readonly string[], more: Partial<Scorer> = {}) => {
    const asked: string[] = [];
    const scorer = own(
      async (patient) => {
        asked.push(`${patient.patientId}: ${patient.outcomes.join(", ")}`);
        return { scores: patient.outcomes.map((outcome) => scoreOf(patient.patientId, outcome)) };
      },
      { outcomes, ...more },
    );
    return { asked, scorer };
  };

  it("is asked for what is missing only, when there are other outcomes than before", async () => {
    await using warehouse = await openPersons(2);
    const first = noting(["b"]);
    expect(await score(warehouse, first.scorer)).toMatchObject({ scored: 2, unchanged: 0 });
    expect(first.asked.sort()).toEqual(["1: b", "2: b"]);

    const more = noting(["a", "b", "c"]);
    expect(await score(warehouse, more.scorer)).toMatchObject({ scored: 2, unchanged: 0 });
    expect(more.asked.sort()).toEqual(["1: a, c", "2: a, c"]);
    expect(await count(warehouse, "risk_score")).toBe(6);

    const fewer = noting(["c", "b"]);
    expect(await score(warehouse, fewer.scorer)).toMatchObject({ scored: 0, unchanged: 2 });
    expect(fewer.asked).toEqual([]);

    const again = noting(["c", "b"], { again: true });
    expect(await score(warehouse, again.scorer)).toMatchObject({ scored: 2, unchanged: 0 });
    expect(again.asked.sort()).toEqual(["1: b, c", "2: b, c"]);
  });

  it("is asked for all of them where the history is another", async () => {
    await using warehouse = await openPersons(2);
    await score(warehouse, noting(["a"]).scorer);
    await warehouse.run("update cdm.condition_occurrence set condition_start_date = '2024-11-01' where person_id = 1");
    const { asked, scorer } = noting(["a", "b"]);
    await score(warehouse, scorer);
    expect(asked.sort()).toEqual(["1: a, b", "2: b"]);
  });

  it("is asked again for what was given for a history that was another one", async () => {
    await using warehouse = await openPersons(1);
    const diagnosedOn = (day: string) =>
      warehouse.run(`update cdm.condition_occurrence set condition_start_date = '${day}'`);
    const askedFor = async (...outcomes: readonly string[]) => {
      const { asked, scorer } = noting(outcomes);
      await score(warehouse, scorer);
      return asked;
    };
    expect(await askedFor("a")).toEqual(["1: a"]);
    await diagnosedOn("2024-11-01");
    expect(await askedFor("a", "b")).toEqual(["1: a, b"]);
    await diagnosedOn("2024-12-01");
    expect(await askedFor("a")).toEqual(["1: a"]);
    expect(await askedFor("a", "b")).toEqual(["1: b"]);
    expect(await askedFor("a", "b")).toEqual([]);
  });

  it("has given nothing where it answers what it was not asked", async () => {
    await using warehouse = await openPersons(2);
    const other = own(async ({ patientId }) => ({ scores: [scoreOf(patientId, patientId === "1" ? "other" : "a")] }), {
      outcomes: ["a"],
    });
    expect(await score(warehouse, other)).toMatchObject({ scored: 1, failed: 1 });
    expect(await warehouse.rows("select person_id, outcome_id from results.risk_score")).toEqual([
      { person_id: 2, outcome_id: "a" },
    ]);
    expect(await warehouse.rows("select person_id from results.scoring_error")).toEqual([{ person_id: 1 }]);
  });

  it("may exclude for reasons in capitals, which stay as long as it is not asked again", async () => {
    await using warehouse = await openPersons(1);
    const refusing = own(
      async ({ patientId }) => ({ scores: [], exclusions: [{ patient_id: patientId, reason: "AGE_BELOW_18" }] }),
      { outcomes: ["a"] },
    );
    for (const refused of [1, 0]) {
      expect(await score(warehouse, refusing)).toMatchObject({ refused, unchanged: 1 - refused });
      expect(await warehouse.rows("select reason, by_rule from results.scoring_exclusion")).toEqual([
        { reason: "AGE_BELOW_18", by_rule: false },
      ]);
    }
  });

  it("must name one at least", async () => {
    await using warehouse = await openPersons(1);
    await expect(async () => score(warehouse, noting([]).scorer)).rejects.toMatchObject({ code: "USAGE" });
  });

  it("that scores nobody is told of by the reason of this run", async () => {
    await using warehouse = await openPersons(1);
    const failing = (outcome: string) =>
      own(async () => expect.fail(`${outcome} is out of order`), { outcomes: [outcome] });
    for (const outcome of ["a", "b"]) {
      expect((await failureOf(score(warehouse, failing(outcome)))).message).toContain(`${outcome} is out of order`);
    }
  });

  it("lists nobody twice, whatever it is asked for", async () => {
    await using warehouse = await openPersons(4);
    await warehouse.run("delete from cdm.condition_occurrence where person_id = 3");
    const refusing = (outcomes: readonly string[], failing: readonly string[]) =>
      own(
        async ({ patientId, outcomes: asked }) => {
          if (failing.includes(patientId)) throw new Error("out of order");
          if (patientId === "4") return { scores: asked.map((outcome) => scoreOf(patientId, outcome)) };
          const [first, ...others] = asked;
          return {
            scores: others.map((outcome) => scoreOf(patientId, outcome)),
            exclusions: [{ patient_id: patientId, outcome_id: first!, reason: "too young" }],
          };
        },
        { outcomes },
      );
    const listed = async () => ({
      excluded: await warehouse.rows(
        "select person_id, outcome_id, reason from results.scoring_exclusion order by all",
      ),
      failed: await warehouse.rows("select person_id from results.scoring_error order by all"),
    });
    const codeless = { person_id: 3, outcome_id: null, reason: "NO_CODES" };
    await score(warehouse, refusing(["a"], ["2"]));
    expect(await listed()).toEqual({
      excluded: [{ person_id: 1, outcome_id: "a", reason: "too young" }, codeless],
      failed: [{ person_id: 2 }],
    });
    await score(warehouse, refusing(["a", "b", "c"], []));
    expect(await listed()).toEqual({
      excluded: [
        { person_id: 1, outcome_id: "a", reason: "too young" },
        { person_id: 1, outcome_id: "b", reason: "too young" },
        { person_id: 2, outcome_id: "a", reason: "too young" },
        codeless,
      ],
      failed: [],
    });
  });
});

describe("a scoring run that does not come to its end", () => {
  it("keeps every score it was given before it was stopped", async () => {
    await using warehouse = await openPersons(1000);
    const controller = new AbortController();
    let given = 0;
    const stopping = own(async ({ patientId }, { signal }) => {
      if (given === 400) {
        controller.abort(new Error("Ctrl-C"));
        await sleep(60_000, undefined, { signal });
      }
      given += 1;
      return { scores: [scoreOf(patientId, "outcome")] };
    });
    const error = await failureOf(score(warehouse, stopping, { signal: controller.signal }));
    expect(error).toMatchObject({ code: "ABORTED", stage: "scoreWith(own)" });
    expect([await count(warehouse, "risk_score"), await count(warehouse, "scoring_error")]).toEqual([400, 0]);
    expect(await warehouse.row("select status from meta.run")).toEqual({ status: "aborted" });
  });

  it("ends as if it had not been stopped when it is run again", async () => {
    await using warehouse = await openPersons(700);
    const controller = new AbortController();
    let given = 0;
    const once = own(async ({ patientId }) => {
      if (++given === 300) controller.abort();
      return { scores: [scoreOf(patientId, "outcome")] };
    });
    await failureOf(score(warehouse, once, { signal: controller.signal }));
    expect(await score(warehouse, simple)).toMatchObject({ scored: 700, failed: 0 });
    expect(await count(warehouse, "risk_score")).toBe(700);
  });

  it("rejects with what went wrong when scores cannot be stored, and stops asking", async () => {
    await using warehouse = await openPersons(4000);
    let given = 0;
    const without = own(async ({ patientId }) => {
      given += 1;
      return { scores: [{ ...scoreOf(patientId, "outcome"), bin_id: null as unknown as number }] };
    });
    const error = await failureOf(score(warehouse, without));
    expect(error).toMatchObject({ code: "QUERY_FAILED", stage: "scoreWith(own)" });
    expect(error.message).toContain("NOT NULL constraint failed: risk_score.bin_id");
    expect(given).toBeLessThan(2200);
    expect([await count(warehouse, "risk_score"), await count(warehouse, "scoring_error")]).toEqual([0, 0]);
  });
});
