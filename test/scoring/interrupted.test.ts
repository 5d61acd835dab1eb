import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { copyFile, readdir } from "node:fs/promises";
import type { AddressInfo, Server } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { createAdaptorServer } from "@hono/node-server";
import { Hono } from "hono";
import { describe, expect, it } from "vitest";
import { createPhenomEngine } from "../../src/engines/phenom/engine.ts";
import type { FaultOptions } from "../../src/engines/phenom/faults.ts";
import { localOutcomeId } from "../../src/engines/phenom/outcomes.ts";
import { patientHistories } from "../../src/features/patient-histories.ts";
import { mappedWarehouse } from "../../src/omop/map-to-omop.ts";
import { pipeline } from "../../src/pipeline/pipeline.ts";
import { phenom } from "../../src/scoring/phenom.ts";
import { scoreWith } from "../../src/scoring/score-with.ts";
import { openWarehouse, type Warehouse } from "../../src/warehouse/warehouse.ts";
import { concept, condition, openCdm, person } from "../support/cdm.ts";
import { startOmopipe } from "../support/command.ts";
import { openFolder } from "../support/folder.ts";

const token = "s3cret-t0ken";
/** How often a run is killed; more with OMOPIPE_KILLS=20. */
const kills = Number(process.env.OMOPIPE_KILLS ?? 3);

const persons = 240;
const birthYear = (i: number) => 1930 + (i % 60);

/** Persons whose identifiers and names of records would be seen wherever they are. */
async function makeWarehouse(path: string): Promise<void> {
  const ids = Array.from({ length: persons }, (_, i) => 8_817_000 + i);
  await using warehouse = await openCdm(
    {
      "vocab.concept": [concept(9_001, "ICD10CM", "I10"), concept(9_002, "ICD10CM", "I50.9")],
      "cdm.person": ids.map((id, i) =>
        person(id, { year_of_birth: birthYear(i), person_source_value: `Zoë-Ångström-${id}` }),
      ),
      "cdm.condition_occurrence": ids.map((id, i) =>
        condition(id, "2024-12-01", { source: i % 3 === 0 ? 9_002 : 9_001 }),
      ),
    },
    path,
  );
  await warehouse.run("checkpoint");
}

interface Counting extends AsyncDisposable {
  readonly url: string;
  /** The idempotency keys that each patient came with. */
  readonly keys: ReadonlyMap<string, ReadonlySet<string>>;
  /** The batches that were started. */
  readonly started: ReadonlySet<string>;
  /** Everything that is not the content of a file or of a history: URLs, names, keys. */
  readonly told: readonly string[];
}

/** The embedded engine, and what it is asked. */
async function serveCounting(faults?: FaultOptions): Promise<Counting> {
  const engine = createPhenomEngine({ token, ...(faults && { faults }) });
  const keys = new Map<string, Set<string>>();
  const started = new Set<string>();
  const told: string[] = [];
  const app = new Hono();
  app.all("*", async (context) => {
    const { method, path, raw } = context.req;
    told.push(`${raw.url} ${JSON.stringify([...raw.headers].filter(([name]) => name !== "authorization"))}`);
    if (method === "POST") {
      const text = await raw.clone().text();
      const body = text === "" ? {} : JSON.parse(text);
      const { patient_history, ...others } = body;
      told.push(JSON.stringify(others));
      if (patient_history) {
        const id = patient_history.patient.patient_id;
        keys.set(id, (keys.get(id) ?? new Set()).add(body.idempotency_key));
      }
      if (path.endsWith("/start")) started.add(path);
    }
    return await engine.fetch(raw, context.env);
  });
  const server = createAdaptorServer({ fetch: app.fetch, overrideGlobalObjects: false }) as Server;
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    keys,
    started,
    told,
    async [Symbol.asyncDispose]() {
      server.close();
      if ("closeAllConnections" in server) (server.closeAllConnections as () => void)();
      await engine.close();
    },
  };
}

/** The command line in a process of its own; what it says is kept. */
function startScoring(warehouse: string, url: string, mode: string, said: string[]): ChildProcess {
  const child = startOmopipe(
    [
      ...["score", "phenom", "--warehouse", warehouse, "--base-url", url],
      ...["--outcome", localOutcomeId, "--mode", mode, "--as-of", "2026-01-01"],
    ],
    { PHENOM_TOKEN: token },
  );
  child.stdout.on("data", (data) => said.push(String(data)));
  child.stderr.on("data", (data) => said.push(String(data)));
  return child;
}

const results = async (path: string) => {
  await using warehouse = await openWarehouse(path);
  const rows = (sql: string) => warehouse.rows(sql);
  return {
    scores: await rows(
      "select person_id, outcome_id, as_of, probability, bin_id, num_bins from results.risk_score order by all",
    ),
    exclusions: await rows("select person_id, outcome_id, reason from results.scoring_exclusion order by all"),
    errors: await rows("select code, message from results.scoring_error"),
    states: await rows("select status, count(*) as n from meta.scoring group by all"),
    batches: await rows("from meta.scoring_batch"),
  };
};

/** Identifiers of persons but not random ones of calls and jobs, in whose hexadecimal digits anything comes up at some time. */
const forbidden = /(?<![\da-f])8817\d{3}(?![\da-f])|Zo[ëe]|Ångström|19[3-8]\d-06-01|s3cret/;

describe.each(["realtime", "batch"] as const)("scoring (%s) that is killed at any moment and started again", (mode) => {
  it(`${kills} times ends as if nothing had been, with nobody asked for twice, and tells nothing of patients`, {
    timeout: 60_000 + kills * 30_000,
  }, async () => {
    await using folder = await openFolder();
    const said: string[] = [];
    const disturbed = folder.file("disturbed.duckdb");
    const undisturbed = folder.file("undisturbed.duckdb");
    await makeWarehouse(disturbed);
    await copyFile(disturbed, undisturbed);
    const faults = {
      ...{ "too-many": 0.02, unavailable: 0.02, cut: 0.02, retryAfterSeconds: 0, seed: 5 },
      // Long enough for a run to be alive still at the last kill.
      ...{ slow: 0.9, slowMilliseconds: mode === "batch" ? 200 * kills : 30 + 20 * kills },
    };
    await using engine = await serveCounting(faults);
    let killedAlive = 0;
    for (let turn = 0; turn < kills; turn++) {
      const child = startScoring(disturbed, engine.url, mode, said);
      const before = engine.told.length;
      const ended = once(child, "close");
      // From the first call on at the latest: before that there is little to disturb.
      const moment = Math.random() * 1500;
      const from = performance.now();
      while (child.exitCode === null && engine.told.length === before && performance.now() - from < 20_000)
        await sleep(5);
      await Promise.race([ended, sleep(moment)]);
      child.kill("SIGKILL");
      await ended;
      if (child.signalCode === "SIGKILL") killedAlive += 1;
    }
    expect(killedAlive).toBe(kills);
    faults.slow = 0;
    const finish = async (path: string) => {
      for (let runs = 0; runs < 3; runs++) {
        const last = startScoring(path, engine.url, mode, said);
        expect((await once(last, "close"))[0], said.join("")).toBe(0);
        if ((await results(path)).errors.length === 0) return;
      }
    };
    await finish(disturbed);
    const asked = new Map([...engine.keys].map(([patient, keys]) => [patient, keys.size]));
    expect(Math.max(0, ...asked.values())).toBeLessThanOrEqual(1);
    expect(engine.started.size).toBe(mode === "batch" ? 1 : 0);

    await finish(undisturbed);
    const after = await results(disturbed);
    expect(after).toEqual(await results(undisturbed));
    expect(after).toMatchObject({ errors: [], batches: [], states: [{ status: "scored", n: persons }] });
    expect(after.scores).toHaveLength(persons);

    const files = await readdir(folder.path);
    expect(files.filter((file) => file.includes(".batch-"))).toEqual([]);
    for (const text of [...said, ...engine.told, ...files]) expect(text).not.toMatch(forbidden);
  });
});

describe.each(["realtime", "batch"] as const)("scoring (%s) where three in ten calls fail", (mode) => {
  it("ends with everybody scored once, or listed with the reason; the next runs score those", {
    timeout: 60_000,
  }, async () => {
    await using folder = await openFolder();
    const path = folder.file("a.duckdb");
    await makeWarehouse(path);
    const faults = { "too-many": 0.1, unavailable: 0.1, cut: 0.1, "expired-url": 0.1, seed: 11, retryAfterSeconds: 0 };
    await using engine = await serveCounting(faults);
    await using warehouse = await openWarehouse(path);
    const scorer = phenom({
      baseUrl: engine.url,
      token,
      outcomes: [localOutcomeId],
      mode,
      concurrency: 16,
      retries: 2,
      backoff: { firstMilliseconds: 1, capMilliseconds: 20 },
      poll: { firstMilliseconds: 1, capMilliseconds: 20 },
      batchPoll: { firstMilliseconds: 5, capMilliseconds: 20 },
    });
    const run = () =>
      pipeline(mappedWarehouse(), patientHistories({ asOf: "2026-01-01" }), scoreWith(scorer)).run(warehouse);
    const messages: string[] = [];
    for (let runs = 0; runs < 30; runs++) {
      const outcome = await run().catch((error: Error) => error);
      if (outcome instanceof Error) messages.push(outcome.message);
      else expect(outcome.scored + outcome.failed + outcome.unchanged + outcome.refused).toBe(persons);
      messages.push(...(await messagesOf(warehouse)));
      if (!(outcome instanceof Error) && outcome.failed === 0) break;
    }
    expect(await warehouse.rows("select status, count(*) as n from meta.scoring group by all")).toEqual([
      { status: "scored", n: persons },
    ]);
    expect(
      await warehouse.row("select count(*) as rows, count(distinct person_id) as persons from results.risk_score"),
    ).toEqual({ rows: persons, persons });
    expect(Math.max(0, ...[...engine.keys.values()].map(({ size }) => size))).toBeLessThanOrEqual(1);
    for (const text of [...messages, ...engine.told]) expect(text).not.toMatch(forbidden);
  });
});

async function messagesOf(warehouse: Warehouse): Promise<string[]> {
  return (await warehouse.rows<{ message: string }>("select message from results.scoring_error")).map(
    ({ message }) => message,
  );
}
