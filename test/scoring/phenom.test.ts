import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { localOutcomeId } from "../../src/engines/phenom/outcomes.ts";
import { servePhenom } from "../../src/engines/phenom/serve-phenom.ts";
import { patientHistories } from "../../src/features/patient-histories.ts";
import { mappedWarehouse } from "../../src/omop/map-to-omop.ts";
import { pipeline, type RunOptions } from "../../src/pipeline/pipeline.ts";
import { type PhenomScorerOptions, phenom } from "../../src/scoring/phenom.ts";
import { scoreWith } from "../../src/scoring/score-with.ts";
import type { Warehouse } from "../../src/warehouse/warehouse.ts";
import { concept, condition, openCdm, person } from "../support/cdm.ts";
import { failureOf } from "../support/failure.ts";
import { servePhenomBadly, token } from "../support/phenom-service.ts";

/** Identifiers that would be seen in a message. */
const firstPerson = 8_817_001;

/** Persons with one diagnosis each, so that there is a day to tell their age on. */
const openPersons = (count: number) => {
  const ids = Array.from({ length: count }, (_, i) => firstPerson + i);
  return openCdm({
    "vocab.concept": [concept(9_001, "ICD10CM", "I10")],
    "cdm.person": ids.map((id) => person(id)),
    "cdm.condition_occurrence": ids.map((id) => condition(id, "2024-12-01", { source: 9_001 })),
  });
};

const quick = { backoff: { firstMilliseconds: 1, capMilliseconds: 2 }, poll: { firstMilliseconds: 1 } };

const scorer = (baseUrl: string, more: Partial<PhenomScorerOptions> = {}) =>
  phenom({ baseUrl, token, outcomes: [localOutcomeId], ...quick, ...more });

function score(warehouse: Warehouse, service: ReturnType<typeof scorer>, options: RunOptions & { asOf?: string } = {}) {
  const { asOf = "2026-01-01", ...run } = options;
  return pipeline(mappedWarehouse(), patientHistories({ asOf, patientId: "person_id" }), scoreWith(service)).run(
    warehouse,
    run,
  );
}

const errors = (warehouse: Warehouse) =>
  warehouse.rows<{ patient_id: string; code: string; message: string }>(
    "select patient_id, code, message from results.scoring_error order by person_id",
  );
const scoredPersons = async (warehouse: Warehouse) =>
  (await warehouse.rows<{ id: number }>("select person_id as id from results.risk_score order by id")).map(
    ({ id }) => id,
  );

const json = (status: number, body: unknown) => Response.json(body, { status });

describe("scoring with the embedded PhenOM engine", () => {
  it("stores one score a person, with all that came and where it came from", async () => {
    await using engine = await servePhenom({ token });
    await using warehouse = await openPersons(40);
    const scored = await score(warehouse, scorer(engine.url), { runId: "run-1" });
    expect(scored).toMatchObject({ stage: "scored", scored: 40, failed: 0, patients: 40, asOf: "2026-01-01" });
    expect(await scoredPersons(warehouse)).toEqual(Array.from({ length: 40 }, (_, i) => firstPerson + i));
    expect(await errors(warehouse)).toEqual([]);
    expect(await warehouse.row("from results.risk_score where person_id = $1", [firstPerson])).toEqual({
      person_id: firstPerson,
      patient_id: String(firstPerson),
      outcome_id: localOutcomeId,
      probability: expect.closeTo(0.2252, 4),
      prob_lower_95_percent_bound: expect.any(Number),
      prob_upper_95_percent_bound: expect.any(Number),
      relative_probability: expect.any(Number),
      rel_lower_95_percent_bound: expect.any(Number),
      rel_upper_95_percent_bound: expect.any(Number),
      bin_id: 5,
      num_bins: 10,
      as_of: "2026-01-01",
      scored_at: expect.stringMatching(/^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}$/),
      run_id: "run-1",
      model_source: expect.stringMatching(
        new RegExp(`^phenom ${new URL(engine.url).host}, omopipe engine \\d+: Charlson comorbidity index`),
      ),
    });
  });

  it("again replaces the scores of that day, and keeps those of other days", async () => {
    await using engine = await servePhenom({ token });
    await using warehouse = await openPersons(5);
    const again = { again: true };
    await score(warehouse, scorer(engine.url), { runId: "first" });
    await score(warehouse, scorer(engine.url, again), { runId: "second", asOf: "2025-01-01" });
    await score(warehouse, scorer(engine.url, again), { runId: "third" });
    expect(
      await warehouse.rows("select run_id, as_of, count(*) as rows from results.risk_score group by all order by all"),
    ).toEqual([
      { run_id: "second", as_of: "2025-01-01", rows: 5 },
      { run_id: "third", as_of: "2026-01-01", rows: 5 },
    ]);
  });

  it("needs an outcome to score, and a base URL", () => {
    expect(() => scorer("http://127.0.0.1:1", { outcomes: [] })).toThrow(expect.objectContaining({ code: "USAGE" }));
    expect(() => scorer("127.0.0.1")).toThrow(expect.objectContaining({ code: "USAGE" }));
  });
});

describe("a service that refuses one person", () => {
  it("has that person listed with code and reason, and the others scored", async () => {
    await using service = await servePhenomBadly(({ patientId }) =>
      patientId === String(firstPerson + 3) ? json(422, { detail: "The history is too old" }) : undefined,
    );
    await using warehouse = await openPersons(10);
    const { scored, failed } = await score(warehouse, scorer(service.url), { runId: "run-1" });
    expect([scored, failed]).toEqual([9, 1]);
    expect(await scoredPersons(warehouse)).not.toContain(firstPerson + 3);
    expect(await warehouse.rows("from results.scoring_error")).toEqual([
      {
        person_id: firstPerson + 3,
        patient_id: String(firstPerson + 3),
        as_of: "2026-01-01",
        code: "HTTP_STATUS",
        message: expect.stringContaining("The history is too old"),
        run_id: "run-1",
        model_source: `phenom ${new URL(service.url).host}`,
        request: JSON.stringify([localOutcomeId]),
      },
    ]);
  });

  it("lists a person that it forgets between two calls, gives no score for, or breaks off at", async () => {
    const jobs = new Map<string, string>();
    await using service = await servePhenomBadly(({ patientId, path }) => {
      if (patientId !== undefined) {
        const job = `job_${patientId}`;
        const special = [1, 2, 3].map((i) => String(firstPerson + i)).indexOf(patientId);
        if (special === -1) return undefined;
        jobs.set(job, ["forgotten", "excluded", "broken"][special]!);
        return json(201, { job_id: job, status: "QUEUED" });
      }
      const kind = jobs.get(path.split("/")[3]!);
      if (kind === undefined) return undefined;
      if (kind === "forgotten") return json(404, { detail: "There is no such job" });
      if (kind === "broken") return new Response("<html>Bad gateway</html>", { status: 200 });
      if (path.endsWith("/results")) return json(200, { items: [], next_page_token: null });
      return json(200, { job_id: "x", status: "SUCCEEDED_WITH_EXCLUSIONS" });
    });
    await using warehouse = await openPersons(8);
    const { scored, failed } = await score(warehouse, scorer(service.url, { concurrency: 1 }));
    expect([scored, failed]).toEqual([5, 3]);
    expect((await errors(warehouse)).map(({ code }) => code)).toEqual([
      "HTTP_STATUS",
      "SCORING_FAILED",
      "RESPONSE_INVALID",
    ]);
  });

  it("has the person off the list as soon as it is scored", async () => {
    let refuse = true;
    await using service = await servePhenomBadly(({ patientId }) =>
      refuse && patientId === String(firstPerson) ? json(422, { detail: "no" }) : undefined,
    );
    await using warehouse = await openPersons(3);
    await score(warehouse, scorer(service.url));
    expect(await errors(warehouse)).toHaveLength(1);
    refuse = false;
    expect((await score(warehouse, scorer(service.url))).failed).toBe(0);
    expect(await errors(warehouse)).toEqual([]);
  });

  it("may give the score of somebody else, which is not stored", async () => {
    await using service = await servePhenomBadly(({ path }) => {
      if (!path.endsWith("/results")) return undefined;
      return json(200, {
        items: [
          {
            patient_id: "another",
            outcome_id: localOutcomeId,
            probability: 0.5,
            prob_lower_95_percent_bound: 0.4,
            prob_upper_95_percent_bound: 0.6,
            relative_probability: 1,
            rel_lower_95_percent_bound: 1,
            rel_upper_95_percent_bound: 1,
            bin_id: 1,
            num_bins: 10,
          },
        ],
      });
    });
    await using warehouse = await openPersons(2);
    const error = await failureOf(score(warehouse, scorer(service.url)));
    expect(error.code).toBe("SCORING_FAILED");
    expect(await scoredPersons(warehouse)).toEqual([]);
    expect((await errors(warehouse)).map(({ code }) => code)).toEqual(["RESPONSE_INVALID", "RESPONSE_INVALID"]);
  });
});

describe("a service that refuses everybody", () => {
  it.each([401, 403, 404])("with %i stops the run after a few calls, and nothing is stored", async (status) => {
    await using service = await servePhenomBadly(() => json(status, { detail: "No entry" }));
    await using warehouse = await openPersons(100);
    const error = await failureOf(score(warehouse, scorer(service.url, { concurrency: 4 })));
    expect(error).toMatchObject({ code: "HTTP_STATUS", stage: "scoreWith(phenom)" });
    expect(error.message).toContain(`answered ${status}`);
    expect(service.calls.length).toBeLessThanOrEqual(8);
    expect(await scoredPersons(warehouse)).toEqual([]);
    expect(await errors(warehouse)).toEqual([]);
  });

  it("from some person on stops the run, and keeps the scores that it had given", async () => {
    let jobs = 0;
    await using service = await servePhenomBadly(({ patientId }) =>
      patientId !== undefined && ++jobs > 20 ? json(401, { detail: "The token has expired" }) : undefined,
    );
    await using warehouse = await openPersons(100);
    const error = await failureOf(score(warehouse, scorer(service.url, { concurrency: 2 })));
    expect(error.message).toContain("The token has expired");
    expect((await scoredPersons(warehouse)).length).toBeGreaterThanOrEqual(18);
    expect(await errors(warehouse)).toEqual([]);
  });

  it("one by one fails the run, with the first reason; all are listed", async () => {
    await using service = await servePhenomBadly(() => json(422, { detail: "Unknown outcome" }));
    await using warehouse = await openPersons(5);
    const error = await failureOf(score(warehouse, scorer(service.url)));
    expect(error).toMatchObject({ code: "SCORING_FAILED", stage: "scoreWith(phenom)" });
    expect(error.message).toMatch(/^None of 5 patients could be scored by phenom 127\..*Unknown outcome/);
    expect(await errors(warehouse)).toHaveLength(5);
  });

  it("because nobody listens there ends after as many persons as are in flight; all are listed with that cause", async () => {
    await using gone = await servePhenom({ token });
    await gone.close();
    await using warehouse = await openPersons(400);
    const tries: number[] = [];
    const service = scorer(gone.url, {
      concurrency: 4,
      async fetch(request) {
        tries.push(performance.now());
        return await fetch(request);
      },
    });
    const error = await failureOf(score(warehouse, service));
    expect(error).toMatchObject({ code: "SCORING_FAILED", stage: "scoreWith(phenom)" });
    expect(error.message).toMatch(/^None of 400 patients could be scored .*ECONNREFUSED\. Check the base URL/);
    expect(tries.length).toBeLessThanOrEqual(4 * 2 * 4);
    const listed = await errors(warehouse);
    expect(listed).toHaveLength(400);
    expect(listed.every(({ code, message }) => code === "HTTP_NETWORK" && message.includes("ECONNREFUSED"))).toBe(true);
  });

  it("because it has gone away is asked longer, and gone on with by the next run under the same keys", async () => {
    await using warehouse = await openPersons(300);
    await using engine = await servePhenom({ token });
    let calls = 0;
    const gone = await servePhenom({ token });
    await gone.close();
    const keys = new Map<string, Set<string>>();
    const leaving = (until: number) =>
      scorer(engine.url, {
        concurrency: 4,
        retries: 0,
        async fetch(request) {
          const text = request.method === "POST" ? await request.clone().text() : "";
          if (text !== "") {
            const { patient_history, idempotency_key } = JSON.parse(text);
            const id = patient_history.patient.patient_id;
            keys.set(id, (keys.get(id) ?? new Set()).add(idempotency_key));
          }
          return await fetch(++calls > until ? gone.url : request);
        },
      });
    const { scored, failed } = await score(warehouse, leaving(60));
    expect(scored).toBeGreaterThanOrEqual(15);
    expect(scored + failed).toBe(300);
    expect(keys.size).toBeLessThan(scored + 60);
    expect(await score(warehouse, leaving(Number.POSITIVE_INFINITY))).toMatchObject({ scored: failed, failed: 0 });
    expect(Math.max(...[...keys.values()].map(({ size }) => size))).toBe(1);
    expect(await errors(warehouse)).toEqual([]);
  });

  it("because nobody listens there is told as such", async () => {
    await using gone = await servePhenom({ token });
    await gone.close();
    await using warehouse = await openPersons(2);
    const error = await failureOf(score(warehouse, scorer(gone.url)));
    expect(error.message).toContain("ECONNREFUSED");
    expect((await errors(warehouse)).map(({ code }) => code)).toEqual(["HTTP_NETWORK", "HTTP_NETWORK"]);
  });
});

describe("calls", () => {
  it.each([1, 3])("are never more than %i at once with that concurrency", async (concurrency) => {
    await using service = await servePhenomBadly(async () => {
      await sleep(2);
      return undefined;
    });
    await using warehouse = await openPersons(20);
    expect((await score(warehouse, scorer(service.url, { concurrency }))).scored).toBe(20);
    expect(service.mostAtOnce).toBe(concurrency);
  });

  it("are as many at once as the service bears: few of them are refused as too many", async () => {
    let open = 0;
    const counts = { refused: 0, answered: 0 };
    await using service = await servePhenomBadly(async () => {
      const refused = ++open > 4;
      counts[refused ? "refused" : "answered"] += 1;
      await sleep(3);
      open -= 1;
      return refused ? Response.json({}, { status: 429, headers: { "retry-after": "0" } }) : undefined;
    });
    await using warehouse = await openPersons(200);
    const eager = scorer(service.url, { concurrency: 16, retries: 1000 });
    expect((await score(warehouse, eager)).scored).toBe(200);
    expect(counts.answered).toBeGreaterThanOrEqual(600);
    // With 16 of them in flight all the time, three would be refused for each that is answered.
    expect(counts.refused).toBeLessThan(counts.answered);
  });

  it("are as few at once after a refusal as are allowed then, those that are repeated with the others", async () => {
    const open = new Set<object>();
    const atOnce: number[] = [];
    let refused = 0;
    await using service = await servePhenomBadly(async ({ patientId }) => {
      const call = {};
      open.add(call);
      atOnce.push(open.size);
      await sleep(5);
      open.delete(call);
      // The service bears one call at a time for a while: all that came together are refused.
      if (patientId === undefined || ++refused > 60) return undefined;
      return Response.json({}, { status: 429, headers: { "retry-after": "0" } });
    });
    await using warehouse = await openPersons(16);
    const eager = scorer(service.url, { concurrency: 16, retries: 1000 });
    expect(await score(warehouse, eager)).toMatchObject({ scored: 16, failed: 0 });
    expect(Math.max(...atOnce.slice(0, 16))).toBeGreaterThan(8);
    expect(Math.max(...atOnce.slice(40, 60))).toBeLessThanOrEqual(2);
  });

  it("under refusals on demand are repeated until all are scored, each under one key", async () => {
    await using engine = await servePhenom({ token, faults: { "too-many": 0.3, retryAfterSeconds: 0, seed: 3 } });
    await using warehouse = await openPersons(60);
    const eager = scorer(engine.url, { concurrency: 16, retries: 50 });
    expect(await score(warehouse, eager)).toMatchObject({ scored: 60, failed: 0 });
    expect(
      await warehouse.row("select count(*) as rows, count(distinct person_id) as persons from results.risk_score"),
    ).toEqual({
      rows: 60,
      persons: 60,
    });
  });

  it.each(["realtime", "batch"] as const)("carry a patient of 50,000 events whole (%s)", async (mode) => {
    await using engine = await servePhenom({ token });
    await using warehouse = await openPersons(1);
    await warehouse.run(
      `insert into cdm.condition_occurrence by name
       select range as condition_occurrence_id, ${firstPerson} as person_id, 0 as condition_concept_id,
         date '1990-01-01' + (range % 10000)::integer as condition_start_date, 0 as condition_type_concept_id,
         9001 as condition_source_concept_id
       from range(49999)`,
    );
    const fast = { mode, batchPoll: { firstMilliseconds: 5 } };
    expect(await score(warehouse, scorer(engine.url, fast))).toMatchObject({ scored: 1, failed: 0 });
    expect(await warehouse.row("select events from features.patient_history")).toEqual({ events: 50_000 });
  });

  it("are repeated after a hiccup, without scoring anybody twice", async () => {
    const tried = new Set<string>();
    await using service = await servePhenomBadly(({ method, path, body }) => {
      const call = [method, path, body].join(" ");
      if (tried.has(call)) return undefined;
      tried.add(call);
      return json(503, { detail: "busy" });
    });
    await using warehouse = await openPersons(20);
    expect(await score(warehouse, scorer(service.url))).toMatchObject({ scored: 20, failed: 0 });
    const keys = service.calls.filter(({ body }) => body !== "").map(({ body }) => JSON.parse(body).idempotency_key);
    expect(new Set(keys).size).toBe(20);
  });

  it("carry the history byte for byte as the warehouse holds it", async () => {
    await using service = await servePhenomBadly(() => undefined);
    await using warehouse = await openPersons(3);
    await score(warehouse, scorer(service.url));
    const rows = await warehouse.rows<{ history: string }>(
      "select history::varchar as history from features.patient_history",
    );
    const sent = service.calls.filter(({ body }) => body !== "").map(({ body }) => body);
    expect(sent).toHaveLength(3);
    for (const { history } of rows) expect(sent.filter((body) => body.includes(history))).toHaveLength(1);
  });

  it("never carry a history that does not fit the contract; the person is listed instead", async () => {
    await using service = await servePhenomBadly(() => undefined);
    await using warehouse = await openPersons(4);
    const broken = {
      name: "broken",
      execute: (_: unknown, { target }: { target: Warehouse }) =>
        target.run(
          `update features.patient_history
           set history = replace(history::varchar, '1950-06-01', '1950-06-31')::json where person_id = ${firstPerson}`,
        ),
    };
    const { scored, failed } = await pipeline(
      mappedWarehouse(),
      patientHistories({ patientId: "person_id" }),
      broken,
      scoreWith(scorer(service.url)),
    ).run(warehouse);
    expect([scored, failed]).toEqual([3, 1]);
    expect(service.calls.map(({ patientId }) => patientId)).not.toContain(String(firstPerson));
    expect(await errors(warehouse)).toEqual([
      {
        patient_id: String(firstPerson),
        code: "HISTORY_INVALID",
        message: expect.stringContaining("not sent: patient_history.patient.birth_date: Invalid"),
      },
    ]);
  });

  it("are told to stop, and the run ends at once, when it is stopped", async () => {
    await using service = await servePhenomBadly(({ patientId }) =>
      patientId === String(firstPerson + 9) ? new Promise(() => {}) : undefined,
    );
    await using warehouse = await openPersons(10);
    const controller = new AbortController();
    const running = failureOf(score(warehouse, scorer(service.url, { concurrency: 2 }), { signal: controller.signal }));
    await expect
      .poll(() => service.calls.filter(({ path }) => path.endsWith("/results")).length, { timeout: 10_000 })
      .toBe(9);
    await sleep(30);
    const start = performance.now();
    controller.abort(new Error("Ctrl-C"));
    expect(await running).toMatchObject({ code: "ABORTED", stage: "scoreWith(phenom)" });
    expect(performance.now() - start).toBeLessThan(1000);
    expect(await scoredPersons(warehouse)).toHaveLength(9);
    expect(await errors(warehouse)).toEqual([]);
  });
});

describe("what is told of a failure", () => {
  it("holds neither the person's identifier nor anything of the history nor the token, even if the service does", async () => {
    await using service = await servePhenomBadly(({ patientId, body }) =>
      patientId === undefined || patientId === String(firstPerson)
        ? undefined
        : json(422, {
            detail: `Patient ${patientId} (born 1950-06-01) with Bearer ${token}: ${body}`,
            input: JSON.parse(body),
          }),
    );
    await using warehouse = await openPersons(3);
    await score(warehouse, scorer(service.url));
    const told = await errors(warehouse);
    expect(told).toHaveLength(2);
    for (const { message } of told) {
      expect(message).toContain("answered 422");
      expect(message).not.toMatch(/(?<![\da-f])8817\d{3}(?![\da-f])|1950-06-01|s3cret/);
    }
    const all = await failureOf(score(warehouse, scorer(service.url, { token: "wr0ng-token", again: true })));
    expect(`${all.message} ${all.stack} ${JSON.stringify(all)}`).not.toMatch(
      /(?<![\da-f])8817\d{3}(?![\da-f])|1950-06-01|wr0ng/,
    );
  });
});
