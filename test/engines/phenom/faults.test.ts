import { describe, expect, it } from "vitest";
import type { PatientHistory } from "../../../schemas/phenom.ts";
import { createPhenomClient } from "../../../src/clients/phenom/client.ts";
import { type FaultOptions, parseFaults, seededRandom } from "../../../src/engines/phenom/faults.ts";
import { localOutcomeId } from "../../../src/engines/phenom/outcomes.ts";
import { servePhenom } from "../../../src/engines/phenom/serve-phenom.ts";
import { writeBatchFiles } from "../../support/batch-files.ts";
import { openFolder } from "../../support/folder.ts";

const historyOf = (patient_id: string): PatientHistory => ({
  patient: { patient_id, birth_date: "1950-01-01", sex: "F", zip3: "606" },
  diagnoses: [{ diagnosis_date: "2020-01-01", code: "I50.9", code_type_name: "ICD10" }],
});

/** What comes of some requests, one after the other: a status, or "cut". */
async function outcomesOf(faults: FaultOptions, requests = 40): Promise<(number | string)[]> {
  await using engine = await servePhenom({ token: "secret", faults });
  const seen: (number | string)[] = [];
  for (let number = 0; number < requests; number++) {
    const answer = await fetch(`${engine.url}/v1/outcome`, {
      method: "POST",
      headers: { authorization: "Bearer secret" },
    })
      .then(
        async (response) => {
          await response.text();
          return response.status;
        },
        () => "cut",
      )
      .catch(() => "cut");
    seen.push(answer);
  }
  return seen;
}

describe("faults on demand", () => {
  it("are the same for the same seed, and others for another", async () => {
    const faults = { "too-many": 0.2, unavailable: 0.2, cut: 0.2, "expired-token": 0.1, seed: 7 };
    const first = await outcomesOf(faults);
    expect(await outcomesOf(faults)).toEqual(first);
    expect(await outcomesOf({ ...faults, seed: 8 })).not.toEqual(first);
    expect(new Set(first)).toEqual(new Set([200, 401, 429, "cut", ...first.filter((status) => Number(status) >= 500)]));
    expect(first.some((status) => Number(status) >= 500)).toBe(true);
  });

  it("ask to wait in seconds and as a date by turns", async () => {
    await using engine = await servePhenom({ token: "secret", faults: { "too-many": 1, retryAfterSeconds: 2 } });
    const waits = [];
    for (let number = 0; number < 2; number++) {
      waits.push((await fetch(`${engine.url}/v1/outcome`, { method: "POST" })).headers.get("retry-after"));
    }
    expect(waits[0]).toBe("2");
    expect(Date.parse(waits[1]!) - Date.now()).toBeGreaterThan(-1000);
  });

  it("hold answers back", async () => {
    await using engine = await servePhenom({ token: "secret", faults: { slow: 1, slowMilliseconds: 80 } });
    const before = performance.now();
    await fetch(`${engine.url}/v1/outcome`, { method: "POST" });
    expect(performance.now() - before).toBeGreaterThan(75);
  });

  it("leave every patient scored once, in real time", { timeout: 60_000 }, async () => {
    const faults = { "too-many": 0.1, unavailable: 0.1, cut: 0.1, slow: 0.05, slowMilliseconds: 20 };
    await using engine = await servePhenom({ token: "secret", faults });
    const client = createPhenomClient({
      baseUrl: engine.url,
      token: "secret",
      retries: 12,
      backoff: { firstMilliseconds: 1, capMilliseconds: 5 },
      poll: { firstMilliseconds: 1, capMilliseconds: 5 },
    });
    const ids = Array.from({ length: 60 }, (_, number) => `patient ${number}`);
    const scored = await Promise.all(
      ids.map((id) => client.scorePatient({ history: historyOf(id), outcomeIds: [localOutcomeId] })),
    );
    expect(scored.map(({ results }) => results.map(({ patient_id }) => patient_id))).toEqual(ids.map((id) => [id]));
  });

  it("leave every patient scored once, in a batch, with tokens and URLs that expire", { timeout: 60_000 }, async () => {
    const faults = { unavailable: 0.1, cut: 0.1, "too-many": 0.1, "expired-token": 0.05, "expired-url": 0.2, seed: 3 };
    await using engine = await servePhenom({ token: "secret", faults, partSizeBytes: 500 });
    await using folder = await openFolder();
    const client = createPhenomClient({
      baseUrl: engine.url,
      token: () => "secret",
      retries: 12,
      backoff: { firstMilliseconds: 1, capMilliseconds: 5 },
      batchPoll: { firstMilliseconds: 5, capMilliseconds: 20 },
    });
    const ids = Array.from({ length: 200 }, (_, number) => `patient ${number}`);
    const files = await writeBatchFiles(folder, ids.map(historyOf));
    // The engine takes a second start of a batch for the first.
    const again = { repeatUncertain: true };
    const { batch_id } = await client.createBatch({}, again);
    for (const [kind, path] of files) await client.uploadFile(batch_id, { kind, path, mode: "multipart" });
    await client.finalizeBatch(batch_id, again);
    const { job_id } = await client.startBatch(batch_id, [localOutcomeId], again);
    const { metrics } = await client.waitForJob(job_id, { workflow: "batch" });
    expect(metrics).toMatchObject({ patients_scored: 200, error_rows: 0 });
    const seen: string[] = [];
    for await (const rows of client.downloadJobResults(job_id)) seen.push(...rows.map(({ patient_id }) => patient_id));
    expect(seen.sort()).toEqual([...ids].sort());
  });
});

describe("the faults of the command line", () => {
  it("are shares by name", () => {
    expect(parseFaults("too-many=0.1,cut=0.05,seed=7,slow-milliseconds=50")).toEqual({
      "too-many": 0.1,
      cut: 0.05,
      seed: 7,
      slowMilliseconds: 50,
    });
  });

  it.each(["", "cut", "cut=", "cut=-1", "cut=x", "burn=0.1", "cut=0.6,slow=0.6"])("may not be %j", (text) => {
    expect(() => parseFaults(text)).toThrow(expect.objectContaining({ code: "USAGE" }));
  });

  it("are spread evenly", () => {
    const random = seededRandom(1);
    const numbers = Array.from({ length: 10_000 }, random);
    const tenths = Array.from({ length: 10 }, (_, tenth) => numbers.filter((n) => Math.floor(n * 10) === tenth).length);
    for (const count of tenths) expect(Math.abs(count - 1000)).toBeLessThan(150);
  });
});
