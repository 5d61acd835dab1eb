import { readdir } from "node:fs/promises";
import { describe, expect, it } from "vitest";
import { guideOutcomeId, localOutcomeId, offeredOutcomeIds } from "../../src/engines/phenom/outcomes.ts";
import { servePhenom } from "../../src/engines/phenom/serve-phenom.ts";
import { patientHistories } from "../../src/features/patient-histories.ts";
import { mappedWarehouse } from "../../src/omop/map-to-omop.ts";
import { pipeline } from "../../src/pipeline/pipeline.ts";
import { type PhenomScorerOptions, phenom } from "../../src/scoring/phenom.ts";
import { scoreWith } from "../../src/scoring/score-with.ts";
import type { Warehouse } from "../../src/warehouse/warehouse.ts";
import { concept, condition, openCdm, person } from "../support/cdm.ts";
import { failureOf } from "../support/failure.ts";
import { openFolder } from "../support/folder.ts";
import { token } from "../support/phenom-service.ts";

/** Persons of different ages, each with one diagnosis; every tenth has one that is a code of no system. */
const openPersons = (count: number, path?: string) => {
  const ids = Array.from({ length: count }, (_, i) => 8_817_000 + i);
  return openCdm(
    {
      "vocab.concept": [concept(9_001, "ICD10CM", "I10")],
      "cdm.person": ids.map((id, i) => person(id, { year_of_birth: 1930 + (i % 60) })),
      "cdm.condition_occurrence": ids.map((id, i) => condition(id, "2024-12-01", { source: i % 10 === 9 ? 0 : 9_001 })),
    },
    path,
  );
};

const quick = {
  backoff: { firstMilliseconds: 1, capMilliseconds: 2 },
  poll: { firstMilliseconds: 1, capMilliseconds: 5 },
  batchPoll: { firstMilliseconds: 5, capMilliseconds: 20 },
};

const score = (warehouse: Warehouse, baseUrl: string, more: Partial<PhenomScorerOptions> = {}) =>
  pipeline(
    mappedWarehouse(),
    patientHistories({ asOf: "2026-01-01" }),
    scoreWith(phenom({ baseUrl, token, outcomes: [localOutcomeId], ...quick, ...more })),
  ).run(warehouse);

const scores = (warehouse: Warehouse) =>
  warehouse.rows("select person_id, patient_id, outcome_id, probability, bin_id from results.risk_score order by all");

/** A fetch that does something else where `misbehave` says so, by the number of that call among its like. */
function misbehaving(misbehave: (call: string, number: number) => "refuse" | "lose" | undefined) {
  const made = new Map<string, number>();
  return async (request: Request): Promise<Response> => {
    const call = `${request.method} ${new URL(request.url).pathname.split("/").at(-1)}`;
    const number = (made.get(call) ?? 0) + 1;
    made.set(call, number);
    const fault = misbehave(call, number);
    if (fault === "refuse") return Response.json({ detail: "not now" }, { status: 500 });
    const response = await fetch(request);
    if (fault === "lose") throw new TypeError("fetch failed", { cause: new Error("other side closed") });
    return response;
  };
}

describe("a batch", () => {
  it("gives what single calls give, and says who is not scored and why", async () => {
    await using engine = await servePhenom({ token });
    await using singly = await openPersons(40);
    await using batch = await openPersons(40);
    await batch.run("create table features.pseudonym_key (key varchar not null)");
    await batch.run("insert into features.pseudonym_key values ('k')");
    await singly.run("create table features.pseudonym_key (key varchar not null)");
    await singly.run("insert into features.pseudonym_key values ('k')");
    const one = await score(singly, engine.url, { mode: "realtime" });
    const other = await score(batch, engine.url, { mode: "batch" });
    expect(other).toMatchObject({ scored: 36, excluded: 4, refused: 0, failed: 0, unchanged: 0, patients: 36 });
    expect({ ...other, runId: one.runId }).toEqual(one);
    expect(await scores(batch)).toEqual(await scores(singly));
    expect(
      await batch.rows("select reason, detail, count(*) as persons from results.scoring_exclusion group by all"),
    ).toEqual([
      { reason: "NO_CODES", detail: "The history has no code: 1 events could not be expressed.", persons: 4 },
    ]);
    expect(await batch.rows("from meta.scoring_batch")).toEqual([]);
  });

  it("that the service refuses leaves no files, and the next is made as if it had not been", async () => {
    await using engine = await servePhenom({ token });
    await using folder = await openFolder();
    await using warehouse = await openPersons(9, folder.file("a.duckdb"));
    const error = await failureOf(score(warehouse, engine.url, { mode: "batch", outcomes: ["none-such"] }));
    expect(error).toMatchObject({ code: "SCORING_FAILED" });
    expect(error.message).toContain(localOutcomeId);
    expect((await readdir(folder.path)).filter((file) => file.includes(".batch-"))).toEqual([]);
    expect(await warehouse.rows("from meta.scoring_batch")).toEqual([]);
    expect(await score(warehouse, engine.url, { mode: "batch" })).toMatchObject({ scored: 9, failed: 0 });
  });

  it("lists whom the service excludes, and does not ask for them again", async () => {
    await using engine = await servePhenom({ token });
    await using warehouse = await openPersons(9);
    // Born after the latest day of the history.
    await warehouse.run(
      "update cdm.condition_occurrence set condition_start_date = date '1900-01-01' where person_id = 8817003",
    );
    for (const [mode, scored, refused, unchanged] of [
      ["batch", 8, 1, 0],
      ["batch", 0, 0, 9],
      ["realtime", 0, 0, 9],
    ] as const) {
      expect(await score(warehouse, engine.url, { mode })).toMatchObject({ scored, refused, unchanged, failed: 0 });
      expect(await warehouse.rows("select person_id, outcome_id, reason from results.scoring_exclusion")).toEqual([
        { person_id: 8_817_003, outcome_id: localOutcomeId, reason: "demographic_ineligible" },
      ]);
    }
  });

  it("is what auto takes for many, and single calls for few", async () => {
    await using engine = await servePhenom({ token });
    const paths: string[] = [];
    const noting = async (request: Request) => {
      paths.push(new URL(request.url).pathname);
      return await fetch(request);
    };
    await using few = await openPersons(5);
    await score(few, engine.url, { fetch: noting });
    expect(paths).toContain("/v1/job/from-patient");
    paths.length = 0;
    await using many = await openPersons(1200);
    await score(many, engine.url, { fetch: noting });
    expect(paths).not.toContain("/v1/job/from-patient");
    expect(paths).toContain("/v1/batch");
  });

  it("is asked for one by one by auto where the service takes no files", async () => {
    await using engine = await servePhenom({ token });
    await using warehouse = await openPersons(1200);
    const without = async (request: Request) =>
      request.url.endsWith("/v1/batch")
        ? Response.json({ detail: "Not Found" }, { status: 404 })
        : await fetch(request);
    const run = await score(warehouse, engine.url, { fetch: without, concurrency: 64 });
    expect(run).toMatchObject({ scored: 1080, failed: 0 });
  });

  it("that nobody started is gone on with where it ended: at each of its calls", { timeout: 60_000 }, async () => {
    await using engine = await servePhenom({ token });
    await using folder = await openFolder();
    for (const failing of ["POST batch", "POST upload", "PUT", "POST finalize", "POST validate", "POST start"]) {
      await using warehouse = await openPersons(20, folder.file(`${failing.replace(" ", "-")}.duckdb`));
      const calls: string[] = [];
      const stop = misbehaving((call, number) => {
        calls.push(call);
        return call.startsWith(failing) && number <= 4 ? "refuse" : undefined;
      });
      const error = await failureOf(score(warehouse, engine.url, { mode: "batch", fetch: stop, retries: 0 }));
      expect([failing, error.code]).toEqual([failing, expect.stringMatching(/HTTP_STATUS|CALL_UNCERTAIN/)]);
      const run = await score(warehouse, engine.url, { mode: "batch" });
      expect([failing, run.scored]).toEqual([failing, 18]);
      expect((await readdir(folder.path)).filter((file) => file.includes(".batch-"))).toEqual([]);
    }
  });

  it("whose start was not answered is found again, and started once", async () => {
    await using engine = await servePhenom({ token });
    await using warehouse = await openPersons(20);
    const starts: string[] = [];
    const losing = misbehaving((call, number) => {
      if (call === "POST start") starts.push(call);
      return call === "POST start" && number === 1 ? "lose" : undefined;
    });
    expect((await score(warehouse, engine.url, { mode: "batch", fetch: losing })).scored).toBe(18);
    expect(starts).toHaveLength(1);
  });

  it("whose start was not answered is not started again where the service does not tell, but when asked", async () => {
    await using engine = await servePhenom({ token });
    await using warehouse = await openPersons(20);
    const losing = misbehaving((call, number) => (call === "POST start" && number === 1 ? "lose" : undefined));
    const silent = async (request: Request) => {
      const response = await losing(request);
      if (request.method !== "GET" || !/\/batch\/[^/]+$/.test(request.url)) return response;
      const { job_ids: _, ...batch } = (await response.json()) as Record<string, unknown>;
      return Response.json(batch);
    };
    for (const more of [{}, {}]) {
      const error = await failureOf(score(warehouse, engine.url, { mode: "batch", fetch: silent, ...more }));
      expect(error.code).toBe("CALL_UNCERTAIN");
    }
    const run = await score(warehouse, engine.url, { mode: "batch", fetch: silent, repeatStart: true });
    expect(run.scored).toBe(18);
  });

  it("that the service has failed lists everybody with the reason, and the next run asks anew", async () => {
    await using engine = await servePhenom({ token });
    await using warehouse = await openPersons(20);
    const failing = async (request: Request) => {
      const response = await fetch(request);
      if (!/\/job\/[^/]+$/.test(request.url)) return response;
      return Response.json({ job_id: "x", status: "FAILED", error_message: "no workers" });
    };
    const error = await failureOf(score(warehouse, engine.url, { mode: "batch", fetch: failing }));
    expect(error).toMatchObject({ code: "SCORING_FAILED", message: expect.stringContaining("no workers") });
    expect(await warehouse.rows("select code, count(*) as n from results.scoring_error group by all")).toEqual([
      { code: "JOB_FAILED", n: 18 },
    ]);
    expect((await score(warehouse, engine.url, { mode: "batch" })).scored).toBe(18);
    expect(await warehouse.rows("from results.scoring_error")).toEqual([]);
  });

  it("that the service has forgotten is sent anew", async () => {
    await using warehouse = await openPersons(20);
    let url = "";
    {
      await using engine = await servePhenom({ token, port: 0 });
      url = engine.url;
      const stop = misbehaving((call) => (call === "POST finalize" ? "refuse" : undefined));
      await failureOf(score(warehouse, engine.url, { mode: "batch", fetch: stop, retries: 0 }));
    }
    await using engine = await servePhenom({ token, port: Number(new URL(url).port) });
    expect((await score(warehouse, engine.url, { mode: "batch" })).scored).toBe(18);
  });
});

describe("a history that has not changed since it was scored", () => {
  it("is not sent again, unless asked; one that has is", async () => {
    await using engine = await servePhenom({ token });
    await using warehouse = await openPersons(20);
    for (const mode of ["batch", "realtime"] as const) {
      await score(warehouse, engine.url, { mode, again: true });
      expect(await score(warehouse, engine.url, { mode })).toMatchObject({ scored: 0, unchanged: 18 });
      await warehouse.append("cdm.condition_occurrence", [condition(8_817_001, "2025-01-01", { source: 9_001 })]);
      expect(await score(warehouse, engine.url, { mode })).toMatchObject({ scored: 1, unchanged: 17, built: 1 });
      expect(await score(warehouse, engine.url, { mode, again: true })).toMatchObject({ scored: 18, unchanged: 0 });
    }
  });

  it.each(["batch", "realtime"] as const)(
    "is sent for the outcomes that it has not been scored for (%s)",
    async (mode) => {
      await using engine = await servePhenom({ token });
      await using warehouse = await openPersons(20);
      const asked = new Set<string>();
      const noting = async (request: Request) => {
        const text = request.method === "POST" ? await request.clone().text() : "";
        for (const outcome of offeredOutcomeIds) if (text.includes(outcome)) asked.add(outcome);
        return await fetch(request);
      };
      expect(await score(warehouse, engine.url, { mode })).toMatchObject({ scored: 18, failed: 0 });
      const outcomes = [localOutcomeId, guideOutcomeId];
      expect(await score(warehouse, engine.url, { mode, outcomes, fetch: noting })).toMatchObject({
        scored: 18,
        failed: 0,
      });
      expect([...asked]).toEqual([guideOutcomeId]);
      expect(await score(warehouse, engine.url, { mode, outcomes })).toMatchObject({ scored: 0, unchanged: 18 });
      expect(
        await warehouse.rows("select outcome_id, count(*) as n from results.risk_score group by all order by all"),
      ).toEqual([
        { outcome_id: localOutcomeId, n: 18 },
        { outcome_id: guideOutcomeId, n: 18 },
      ]);
    },
  );

  it("is that behind the scores in the end, when a batch is gone on with that was written before it changed", async () => {
    await using engine = await servePhenom({ token });
    await using warehouse = await openPersons(20);
    await using undisturbed = await openPersons(20);
    const outcomes = [localOutcomeId, guideOutcomeId];
    const stop = misbehaving((call) => (call === "POST finalize" ? "refuse" : undefined));
    await failureOf(score(warehouse, engine.url, { mode: "batch", outcomes, fetch: stop, retries: 0 }));
    for (const changed of [warehouse, undisturbed]) {
      await changed.append("vocab.concept", [concept(9_002, "ICD10CM", "E11.2")]);
      await changed.append("cdm.condition_occurrence", [condition(8_817_001, "2025-01-01", { source: 9_002 })]);
    }
    await score(warehouse, engine.url, { mode: "realtime" });
    await score(warehouse, engine.url, { mode: "batch", outcomes });
    await score(undisturbed, engine.url, { mode: "batch", outcomes });
    const given = "select person_id, outcome_id, probability from results.risk_score order by all";
    expect(await warehouse.rows(given)).toEqual(await undisturbed.rows(given));
  });

  it("of another service, or for other outcomes, is sent", async () => {
    await using one = await servePhenom({ token });
    await using other = await servePhenom({ token });
    await using warehouse = await openPersons(20);
    const second = "v0p3_65plus_fixed_anchor_2023_JanToDec_04012025_any_time_hospitalization_future_1month";
    expect((await score(warehouse, one.url)).scored).toBe(18);
    expect((await score(warehouse, other.url)).scored).toBe(18);
    expect((await score(warehouse, one.url, { outcomes: [localOutcomeId, second] })).scored).toBe(18);
    expect((await score(warehouse, one.url, { outcomes: [second, localOutcomeId] })).scored).toBe(0);
    expect(await warehouse.row("select count(*) as rows from results.person_risk_score where latest")).toEqual({
      rows: 36,
    });
  });
});
