import { readdir } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, it, vi } from "vitest";
import type { PatientHistory } from "../../../schemas/phenom.ts";
import type { UploadState } from "../../../schemas/phenom-batch.ts";
import { createPhenomClient } from "../../../src/clients/phenom/client.ts";
import { localOutcomeId } from "../../../src/engines/phenom/outcomes.ts";
import { servePhenom } from "../../../src/engines/phenom/serve-phenom.ts";
import { OmopipeError } from "../../../src/pipeline/errors.ts";
import { writeBatchFiles } from "../../support/batch-files.ts";
import { openFolder } from "../../support/folder.ts";
import { deployment, type Route, says } from "../../support/phenom-deployment.ts";

/*
 * Nothing of a patient anywhere but in the bodies that carry the data: these texts are looked for in everything else.
 */
const history: PatientHistory = {
  patient: { patient_id: "Zaphod-Ünal-Beeblebrox", birth_date: "1953-07-19", sex: "M", zip3: "917" },
  lab_results: [{ lab_date: "2021-08-23", loinc: "99871-7", value_abnormal: "HHX" }],
  diagnoses: [{ diagnosis_date: "2019-11-29", code: "Q87.43", code_type_name: "ICD10" }],
};
const telling = /Zaphod|Ünal|%C3%9Cnal|Beeblebrox|1953-07-19|2021-08-23|99871-7|HHX|2019-11-29|Q87/;

afterEach(() => vi.restoreAllMocks());

/** Everything that this process writes to its streams from now on. */
function overheard(): string[] {
  const said: string[] = [];
  for (const stream of [process.stdout, process.stderr]) {
    vi.spyOn(stream, "write").mockImplementation((chunk) => said.push(String(chunk)) > 0);
  }
  return said;
}

/** An error with all that hangs on it. */
function allOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const { message, stack, cause } = error;
  return [message, stack, JSON.stringify(error), cause === undefined ? "" : allOf(cause)].join("\n");
}

describe("what belongs to a patient", () => {
  it("is in no URL, header, name, key, saved state, file name or output of a whole batch", {
    timeout: 60_000,
  }, async () => {
    const said = overheard();
    const seen: string[] = [];
    await using engine = await servePhenom({
      token: "secret",
      partSizeBytes: 100,
      faults: { unavailable: 0.1, seed: 5 },
    });
    const client = createPhenomClient({
      baseUrl: engine.url,
      token: "secret",
      retries: 8,
      backoff: { firstMilliseconds: 1, capMilliseconds: 2 },
      poll: { firstMilliseconds: 1 },
      batchPoll: { firstMilliseconds: 5 },
      async fetch(request) {
        const isData = request.url.includes("/store/") || request.url.endsWith("/from-patient");
        const body = isData ? "" : await request.clone().text();
        seen.push(`${request.method} ${request.url} ${JSON.stringify([...request.headers])} ${body}`);
        if (request.url.endsWith("/from-patient")) {
          seen.push((JSON.parse(await request.clone().text()) as { idempotency_key: string }).idempotency_key);
        }
        const response = await fetch(request);
        seen.push(JSON.stringify([...response.headers]));
        return response;
      },
    });
    await using folder = await openFolder();
    await client.scorePatient({ history, outcomeIds: [localOutcomeId] });
    const { batch_id } = await client.createBatch({}, { repeatUncertain: true });
    for (const [kind, path] of await writeBatchFiles(folder, [history])) {
      const save = (state: UploadState) => seen.push(JSON.stringify(state));
      await client.uploadFile(batch_id, { kind, path, mode: "multipart" }, { save });
    }
    seen.push(JSON.stringify(await client.finalizeBatch(batch_id, { repeatUncertain: true })));
    const { job_id } = await client.startBatch(batch_id, [localOutcomeId], { repeatUncertain: true });
    seen.push(JSON.stringify(await client.waitForJob(job_id, { workflow: "batch" })));
    const rows = [];
    for await (const batch of client.downloadJobResults(job_id)) rows.push(...batch);
    expect(rows).toMatchObject([{ patient_id: history.patient.patient_id }]);
    const files = await readdir(tmpdir(), { recursive: true }).then((paths) =>
      paths.filter((path) => path.includes("omopipe-engine-")),
    );
    expect(files.some((path) => path.endsWith(join("part-0001.csv")))).toBe(true);

    expect(seen.length).toBeGreaterThan(30);
    expect([...seen, ...files, ...said].filter((text) => telling.test(text))).toEqual([]);
  });

  it("is in no error, whatever a service says", async () => {
    const said = overheard();
    const errors: unknown[] = [];
    const gossip = `${JSON.stringify(history)} token secret-token`;
    const xml = `<Error><Code>SignatureDoesNotMatch</Code><Message>${gossip}</Message></Error>`;
    let origin = "";
    const session: Route = () => ({ body: { upload_id: "u", url: `${origin}/store/file?signature=s1gned` } });
    await using service = await deployment(
      {
        "POST /v1/job/from-patient": [
          says(422, { detail: [{ loc: ["body"], msg: gossip, type: "value_error", input: history }] }),
          says(500, gossip),
          says(200, gossip),
          says(201, { job_id: "job", status: "QUEUED" }),
        ],
        "GET /v1/job/job": says(200, { job_id: "job", status: "FAILED", error_message: gossip }),
        "POST /v1/batch/b/upload": session,
        "DELETE /v1/batch/b/upload/u": says(200, {}),
        "PUT /store/file": says(403, xml),
        "GET /v1/job/job/results/download": () => ({ body: { url: `${origin}/store/rows?signature=s1gned` } }),
        "GET /store/rows": [
          says(500, xml),
          says(200, `patient_id,probability\n"${gossip.replaceAll('"', '""')}",high\n`),
        ],
      },
      { retries: 0 },
    );
    origin = service.url;
    const { client } = service;
    const note = (promise: Promise<unknown>) => promise.catch((error: unknown) => errors.push(error));
    const score = () => note(client.scorePatient({ history, outcomeIds: ["outcome"] }));
    for (let tries = 0; tries < 4; tries++) await score();
    await note(client.waitForJob("job", { workflow: "batch" }));
    await note(
      client.createJobFromPatient({
        outcome_ids: ["o"],
        patient_history: history,
        idempotency_key: "Zaphod-Ünal-Beeblebrox",
      }),
    );
    const broken = { ...history, patient: { ...history.patient, birth_date: "19.07.1953", name: "Zaphod" } };
    await note(client.scorePatient({ history: broken, outcomeIds: ["outcome"] }));
    await using folder = await openFolder();
    const paths = await writeBatchFiles(folder, [history]);
    await note(client.uploadFile("b", { kind: "patients", path: paths.get("patients")! }));
    for (let tries = 0; tries < 2; tries++) await note(client.downloadJobResults("job")[Symbol.asyncIterator]().next());

    expect(errors).toHaveLength(10);
    for (const error of errors) expect(error).toBeInstanceOf(OmopipeError);
    const texts = [...errors.map(allOf), ...said];
    expect(texts.filter((text) => telling.test(text) || /secret-token|s1gned/.test(text))).toEqual([]);
  });
});
