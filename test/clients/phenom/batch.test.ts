import { appendFile, utimes } from "node:fs/promises";
import { afterEach, describe, expect, it } from "vitest";
import type { JobExclusion, JobResult, PatientHistory } from "../../../schemas/phenom.ts";
import type { UploadState } from "../../../schemas/phenom-batch.ts";
import { createPhenomClient, type PhenomClient, type PhenomClientOptions } from "../../../src/clients/phenom/client.ts";
import type { PhenomEngineOptions } from "../../../src/engines/phenom/engine.ts";
import { localOutcomeId } from "../../../src/engines/phenom/outcomes.ts";
import { type ServedPhenom, servePhenom } from "../../../src/engines/phenom/serve-phenom.ts";
import { writeBatchFiles } from "../../support/batch-files.ts";
import { failureOf } from "../../support/failure.ts";
import { openFolder } from "../../support/folder.ts";
import { sampleHistory } from "../../support/sample-histories.ts";

const outcomes = [localOutcomeId];
const quick = {
  backoff: { firstMilliseconds: 1, capMilliseconds: 5 },
  poll: { firstMilliseconds: 1, capMilliseconds: 20 },
  batchPoll: { firstMilliseconds: 5, capMilliseconds: 20, deadlineMilliseconds: 60_000 },
};

/** What is asked of the engine, as "METHOD path", and a way to answer in its place. */
interface Watched {
  readonly calls: string[];
  answer: (request: Request, call: string) => Response | Promise<Response | undefined> | undefined;
}

let engine: ServedPhenom | undefined;
afterEach(async () => await engine?.close());

async function start(options: Partial<PhenomEngineOptions> = {}, more: Partial<PhenomClientOptions> = {}) {
  engine = await servePhenom({ token: "secret", ...options });
  const watched: Watched = { calls: [], answer: () => undefined };
  const client = createPhenomClient({
    baseUrl: engine.url,
    token: "secret",
    ...quick,
    async fetch(request) {
      const { pathname } = new URL(request.url);
      const call = `${request.method} ${pathname.replace(/(batch|upload|job)_[0-9a-f-]{36}/g, "{$1}")}`;
      watched.calls.push(call);
      return (await watched.answer(request, call)) ?? (await fetch(request));
    },
    ...more,
  });
  return { client, watched };
}

/** Files in, results out. */
async function scoreBatch(client: PhenomClient, histories: readonly PatientHistory[]) {
  await using folder = await openFolder();
  const { batch_id } = await client.createBatch();
  for (const [kind, path] of await writeBatchFiles(folder, histories))
    await client.uploadFile(batch_id, { kind, path });
  await client.finalizeBatch(batch_id);
  const { job_id } = await client.startBatch(batch_id, outcomes);
  return { batchId: batch_id, job: await client.waitForJob(job_id, { workflow: "batch" }) };
}

async function all<Item>(pages: AsyncIterable<readonly Item[]>): Promise<Item[]> {
  const items: Item[] = [];
  for await (const page of pages) items.push(...page);
  return items;
}

const byPatient = (one: JobExclusion, other: JobExclusion) => (one.patient_id < other.patient_id ? -1 : 1);
const someHistories = (count: number) => Array.from({ length: count }, (_, i) => sampleHistory(1, i + 1));

describe("a batch", () => {
  it("brings each patient the same answer as a call of its own", { timeout: 60_000 }, async () => {
    const histories: PatientHistory[] = [
      ...someHistories(60),
      { ...sampleHistory(1, 1), patient: { ...sampleHistory(1, 1).patient, patient_id: 'Zoë, "the 2nd"\n' } },
      { patient: { patient_id: "blank", birth_date: "1950-01-01", sex: "U", zip3: "000" } },
      {
        patient: { patient_id: "unborn", birth_date: "2020-01-02", sex: "F", zip3: "606" },
        diagnoses: [{ diagnosis_date: "2020-01-01", code: "I10", code_type_name: "ICD10" }],
      },
    ];
    const { client } = await start();
    const single: JobResult[] = [];
    const excluded: JobExclusion[] = [];
    for (const history of histories) {
      const { job, results } = await client.scorePatient({ history, outcomeIds: outcomes });
      single.push(...results);
      excluded.push(...(await all(client.listJobExclusions(job.job_id))));
    }
    const { job } = await scoreBatch(client, histories);
    const events = histories.flatMap(({ lab_results, diagnoses, procedures, medications }) =>
      [lab_results, diagnoses, procedures, medications].flatMap((list) => list?.map(() => 1) ?? []),
    );
    expect(job).toMatchObject({
      status: "SUCCEEDED_WITH_EXCLUSIONS",
      metrics: {
        records_processed: events.length,
        patients_scored: 60,
        patients_excluded: 3,
        exclusions_by_reason: { insufficient_history: 2, demographic_ineligible: 1 },
        error_rows: 0,
      },
    });
    const paged = await all(client.listJobResults(job.job_id));
    expect([...paged].sort(byPatient)).toEqual([...single].sort(byPatient));
    expect(await all(client.downloadJobResults(job.job_id))).toEqual(paged);
    expect(await all(client.listJobExclusions(job.job_id))).toEqual(excluded.sort(byPatient));
    expect(await all(client.listJobErrors(job.job_id))).toEqual([]);
  });

  it("lists rows that it cannot use, by file and row, and scores with the others", async () => {
    await using folder = await openFolder();
    const { client } = await start();
    const { batch_id } = await client.createBatch({ name: "rows" });
    const patients = await folder.write(
      "p.csv",
      "zip3,patient_id,extra,sex,birth_date\n606,a,x,F,1950-01-01\n606,b,x,female,1950-01-01\n606,a,x,F,1950-01-01\n606,c,x,F,1950-02-30\n",
    );
    const diagnoses = await folder.write(
      "d.csv",
      "patient_id,diagnosis_date,code,code_type_name\na,2020-01-01,I50.9,ICD10\nb,2020-01-01,I10,ICD10\na,soon,I10,ICD10\na,2020-01-01,,ICD10\na,2020-01-01\n",
    );
    await client.uploadFile(batch_id, { kind: "patients", path: patients, filename: "patients-1.csv" });
    await client.uploadFile(batch_id, { kind: "diagnoses", path: diagnoses, filename: "diagnoses-1.csv" });
    await client.finalizeBatch(batch_id);
    const { job_id } = await client.startBatch(batch_id, outcomes);
    const { metrics } = await client.waitForJob(job_id, { workflow: "batch" });
    expect(metrics).toMatchObject({ patients_scored: 1, error_rows: 7 });
    const errors = await all(client.listJobErrors(job_id));
    expect(errors.map(({ object_type, file, row, message }) => [object_type, file, row, message])).toEqual([
      ["patients", "patients-1.csv", 2, "sex is not M, F or U"],
      ["patients", "patients-1.csv", 3, "an earlier row has this patient already"],
      ["patients", "patients-1.csv", 4, "birth_date is no day (YYYY-MM-DD)"],
      ["diagnosis", "diagnoses-1.csv", 2, "no usable row of a patients file has this patient"],
      ["diagnosis", "diagnoses-1.csv", 3, "diagnosis_date is no day (YYYY-MM-DD)"],
      ["diagnosis", "diagnoses-1.csv", 4, "code is missing"],
      ["diagnosis", "diagnoses-1.csv", 5, "the row has fewer columns than the header"],
    ]);
  });

  it("may hold compressed files, and several of a kind", async () => {
    const { gzipSync } = await import("node:zlib");
    await using folder = await openFolder();
    const { client } = await start();
    const { batch_id } = await client.createBatch();
    for (const id of ["a", "b"]) {
      const csv = `patient_id,birth_date,sex,zip3\n${id},1950-01-01,F,606\n`;
      await client.uploadFile(batch_id, { kind: "patients", path: await folder.write(`${id}.csv.gz`, gzipSync(csv)) });
    }
    const labs = "patient_id,lab_date,loinc\na,2020-01-01,718-7\nb,2020-01-01,718-7\n";
    await client.uploadFile(batch_id, { kind: "lab_results", path: await folder.write("l.csv", labs) });
    await client.finalizeBatch(batch_id);
    const { job_id } = await client.startBatch(batch_id, outcomes);
    expect((await client.waitForJob(job_id, { workflow: "batch" })).metrics).toMatchObject({ patients_scored: 2 });
  });

  it("with a column missing is found unfit, and fails with the reason when it is started nevertheless", async () => {
    await using folder = await openFolder();
    const { client } = await start();
    const { batch_id } = await client.createBatch();
    await client.uploadFile(batch_id, {
      kind: "patients",
      path: await folder.write("p.csv", "patient_id,sex,zip3\na,F,606\n"),
    });
    await client.finalizeBatch(batch_id);
    expect((await failureOf(client.validateBatch(batch_id, outcomes))).code).toBe("JOB_FAILED");
    const { job_id } = await client.startBatch(batch_id, outcomes);
    const error = await failureOf(client.waitForJob(job_id, { workflow: "batch" }));
    expect(error.message).toContain("Column birth_date is missing in the patients file");
    expect(await all(client.listJobErrors(job_id))).toMatchObject([{ message: expect.stringContaining("birth_date") }]);
  });

  it("goes through its states, and refuses what is not their turn", async () => {
    await using folder = await openFolder();
    const { client } = await start();
    const { batch_id, status } = await client.createBatch({ name: "states" });
    expect(status).toBe("CREATED");
    expect((await failureOf(client.startBatch(batch_id, outcomes))).message).toContain("not finalized");
    expect((await failureOf(client.finalizeBatch(batch_id))).message).toContain("no patients file");
    const path = await folder.write("p.csv", "patient_id,birth_date,sex,zip3\na,1950-01-01,F,606\n");
    await client.uploadFile(batch_id, { kind: "patients", path });
    expect(await client.getBatch(batch_id)).toMatchObject({ status: "UPLOADING", name: "states" });
    const finalized = await client.finalizeBatch(batch_id);
    expect(finalized).toMatchObject({ status: "FINALIZED", manifest_key: `batches/${batch_id}/manifest.json` });
    expect(await client.finalizeBatch(batch_id)).toEqual(finalized);
    expect((await failureOf(client.uploadFile(batch_id, { kind: "patients", path }))).message).toContain("finalized");
    expect(await client.validateBatch(batch_id, outcomes)).toMatchObject({ status: "SUCCEEDED" });
    const first = await client.startBatch(batch_id, outcomes);
    expect((await client.startBatch(batch_id, outcomes)).job_id).toBe(first.job_id);
    expect((await failureOf(client.startBatch(batch_id, ["other"]))).message).toContain("Unknown outcome");
  });
});

describe("an upload in parts", () => {
  const parts = { partSizeBytes: 1000 };
  const content = Array.from({ length: 300 }, (_, i) => `patient-${i},1950-01-01,F,606\n`).join("");
  const csv = `patient_id,birth_date,sex,zip3\n${content}`;

  it("sends them at once, keeps their ETags, and arrives whole", async () => {
    await using folder = await openFolder();
    const { client, watched } = await start(parts);
    const { batch_id } = await client.createBatch();
    let open = 0;
    let most = 0;
    watched.answer = async (request, call) => {
      if (!call.startsWith("PUT /store")) return undefined;
      most = Math.max(most, ++open);
      const response = await fetch(request);
      open -= 1;
      return response;
    };
    const file = { kind: "patients", path: await folder.write("p.csv", csv), mode: "multipart" } as const;
    const state = await client.uploadFile(batch_id, file, { parallelParts: 3 });
    expect(state).toMatchObject({ done: true, mode: "multipart", sizeBytes: csv.length });
    expect(state.parts).toHaveLength(Math.ceil(csv.length / 1000));
    expect(most).toBe(3);
    expect(await client.getUploadStatus(batch_id, state.uploadId!)).toMatchObject({
      status: "completed",
      bytes_uploaded: csv.length,
    });
  });

  it("goes on from its saved state, sending only what is missing", async () => {
    await using folder = await openFolder();
    const { client, watched } = await start(parts);
    const { batch_id } = await client.createBatch();
    const file = { kind: "patients", path: await folder.write("p.csv", csv), mode: "multipart" } as const;
    const saved: UploadState[] = [];
    const stop = new AbortController();
    const save = (state: UploadState) => {
      saved.push(JSON.parse(JSON.stringify(state)));
      if (state.parts.length === 4) stop.abort(new Error("enough"));
    };
    const failure = failureOf(client.uploadFile(batch_id, file, { save, signal: stop.signal, parallelParts: 1 }));
    expect((await failure).code).toBe("ABORTED");
    watched.calls.length = 0;
    const state = await client.uploadFile(batch_id, file, { state: saved.at(-1) });
    expect(state.done).toBe(true);
    const count = Math.ceil(csv.length / 1000);
    expect(watched.calls.filter((call) => call.startsWith("PUT"))).toHaveLength(count - 4);
    expect(watched.calls.filter((call) => call === "POST /v1/batch/{batch}/upload")).toEqual([]);
    watched.calls.length = 0;
    expect(await client.uploadFile(batch_id, file, { state })).toEqual(state);
    expect(watched.calls).toEqual([]);
  });

  it("begins anew when the file has changed since, or the service has forgotten the upload", async () => {
    await using folder = await openFolder();
    const { client } = await start(parts);
    const { batch_id } = await client.createBatch();
    const path = await folder.write("p.csv", csv);
    const file = { kind: "patients", path, mode: "multipart" } as const;
    const saved: UploadState[] = [];
    const stop = new AbortController();
    const save = (state: UploadState) => {
      saved.push(state);
      if (state.parts.length === 2) stop.abort();
    };
    await failureOf(client.uploadFile(batch_id, file, { save, signal: stop.signal, parallelParts: 1 }));
    const halfway = saved.at(-1)!;
    await client.abortUpload(batch_id, halfway.uploadId!);
    const again = await client.uploadFile(batch_id, file, { state: halfway });
    expect(again).toMatchObject({ done: true, mode: "multipart" });
    expect(again.uploadId).not.toBe(halfway.uploadId);
    await appendFile(path, "another,1950-01-01,F,606\n");
    const changed = await client.uploadFile(batch_id, file, { state: again });
    expect(changed.sizeBytes).toBe(again.sizeBytes + 25);
    expect(changed.uploadId).not.toBe(again.uploadId);
  });

  it("is given up when a part fails for good", async () => {
    await using folder = await openFolder();
    const { client, watched } = await start(parts, { retries: 1 });
    const { batch_id } = await client.createBatch();
    watched.answer = (request, call) =>
      call.startsWith("PUT") && request.url.includes("partNumber=3") ? new Response("", { status: 500 }) : undefined;
    const file = { kind: "patients", path: await folder.write("p.csv", csv), mode: "multipart" } as const;
    const saved: UploadState[] = [];
    const error = await failureOf(client.uploadFile(batch_id, file, { save: (state) => saved.push(state) }));
    expect(error).toMatchObject({ code: "HTTP_STATUS", retryable: true });
    expect(await client.getUploadStatus(batch_id, saved[0]!.uploadId!)).toMatchObject({ status: "aborted" });
  });
});

describe("a file in one piece", () => {
  const csv = "patient_id,birth_date,sex,zip3\na,1950-01-01,F,606\n";

  it("is not sent twice when the answer was lost and the process killed", async () => {
    await using folder = await openFolder();
    const { client, watched } = await start();
    const { batch_id } = await client.createBatch();
    const path = await folder.write("p.csv", csv);
    const saved: UploadState[] = [];
    watched.answer = async (request, call) => {
      if (!call.startsWith("PUT")) return undefined;
      await fetch(request);
      throw new Error("killed");
    };
    const killed = { kind: "patients", path } as const;
    await failureOf(client.uploadFile(batch_id, killed, { save: (state) => saved.push(state) }));
    watched.answer = () => undefined;
    watched.calls.length = 0;
    expect((await client.uploadFile(batch_id, killed, { state: saved.at(-1) })).done).toBe(true);
    expect(watched.calls).toEqual(["GET /v1/batch/{batch}/upload/{upload}"]);
  });

  it("is refused when it is not there, and when it changes on the way", async () => {
    await using folder = await openFolder();
    const { client, watched } = await start({}, { retries: 0 });
    const { batch_id } = await client.createBatch();
    const missing = client.uploadFile(batch_id, { kind: "patients", path: folder.file("missing.csv") });
    expect((await failureOf(missing)).code).toBe("INPUT_NOT_FOUND");
    const path = await folder.write("p.csv", csv);
    watched.answer = async (_request, call) => {
      if (call.startsWith("PUT")) await utimes(path, new Date(), new Date(Date.now() + 5000));
      return call.startsWith("PUT") ? new Response("", { status: 500 }) : undefined;
    };
    expect((await failureOf(client.uploadFile(batch_id, { kind: "patients", path }))).code).toBe("UPLOAD_FAILED");
  });
});

describe("results from files", () => {
  it("go on behind the rows that were handed on when a file breaks off, and when URLs expire", {
    timeout: 60_000,
  }, async () => {
    const { client, watched } = await start({ urlLifetimeSeconds: 1 });
    const histories = Array.from(
      { length: 2500 },
      (_, i): PatientHistory => ({
        patient: { patient_id: `p${i}`, birth_date: "1950-01-01", sex: "F", zip3: "606" },
        diagnoses: [{ diagnosis_date: "2020-01-01", code: "I10", code_type_name: "ICD10" }],
      }),
    );
    const { job } = await scoreBatch(client, histories);
    let broken = 0;
    watched.answer = async (request, call) => {
      if (!call.startsWith("GET /store") || ++broken > 2) return undefined;
      if (broken === 1) await new Promise((resolve) => setTimeout(resolve, 1100));
      if (broken === 1) return undefined;
      const whole = new Uint8Array(await (await fetch(request)).arrayBuffer());
      const half = whole.subarray(0, Math.floor(whole.length * 0.6));
      return new Response(
        new ReadableStream({
          start: (controller) => controller.enqueue(half),
          pull: (controller) => controller.error(new TypeError("terminated")),
        }),
      );
    };
    const rows = await all(client.downloadJobResults(job.job_id));
    expect(broken).toBe(3);
    expect(new Set(rows.map(({ patient_id }) => patient_id)).size).toBe(2500);
    expect(rows).toHaveLength(2500);
  });
});
