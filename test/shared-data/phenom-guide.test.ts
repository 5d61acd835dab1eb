import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { describe, expect, it } from "vitest";
import { startOmopipe } from "../support/command.ts";
import { openFolder } from "../support/folder.ts";

/** The user guide of PhenOM, whose examples the embedded engine must answer as they stand, host and token aside. */
const guide = fileURLToPath(new URL("../../../shared/seeds/phenom-inference-guide.md", import.meta.url));
const here = existsSync(guide);
const title = here ? "The guide's examples" : "The guide's examples (left out: ../shared/seeds is not there)";

const bash = promisify(execFile);

/** `omopipe serve` on a free port. */
async function serve(token: string): Promise<AsyncDisposable & { readonly url: string }> {
  const child = startOmopipe(["serve", "--port", "0"], { PHENOM_TOKEN: token });
  const ended = new Promise((resolve) => child.once("close", resolve));
  const url = await new Promise<string>((resolve, reject) => {
    let said = "";
    child.stdout.on("data", (data) => {
      said += data;
      const found = /http:\/\/\S+/.exec(said);
      if (found) resolve(found[0]);
    });
    child.once("close", () => reject(new Error("omopipe serve has ended")));
  });
  return {
    url,
    async [Symbol.asyncDispose]() {
      child.kill("SIGTERM");
      await ended;
    },
  };
}

describe.skipIf(!here)(title, () => {
  it("run against omopipe serve, each with the ids that the ones before gave", { timeout: 60_000 }, async () => {
    const text = await readFile(guide, "utf8");
    const examples = [...text.matchAll(/^```bash\n([\s\S]*?)^```/gm)]
      // Behind such a comment the guide shows the answer.
      .map(([, example]) => example!.replace(/^# (Response|When complete)[\s\S]*/m, ""))
      .flatMap((example) => example.match(/^curl(?:.*\\\n)*(?:[\s\S]*?\}'|.*)$/gm) ?? []);
    expect(examples).toHaveLength(10);

    await using server = await serve("s3cret");
    await using folder = await openFolder();
    const ids = { batch: "", job: "" };
    const run = async (example: string) => {
      const command = example
        .replaceAll("https://phenom-api-sandbox.idprod.om1.com", server.url)
        .replaceAll("<jwt>", "s3cret")
        .replaceAll("{batch_id}", ids.batch)
        .replaceAll(/\{job_id\}|job_01J90Q2TTM/g, ids.job);
      const answer = JSON.parse(
        (await bash("bash", ["-c", command.replace(/^curl/, "curl -sS --fail-with-body")])).stdout,
      );
      ids.batch = answer.batch_id ?? ids.batch;
      ids.job = answer.job_id ?? ids.job;
      return answer;
    };

    const [fromPatient, poll, results, createBatch, upload, finalize, start, pollBatch, pages, download] = examples as [
      string,
      string,
      string,
      string,
      string,
      string,
      string,
      string,
      string,
      string,
    ];
    expect(await run(fromPatient)).toMatchObject({ job_id: expect.any(String), status: "QUEUED" });
    expect(await run(poll)).toMatchObject({ status: "SUCCEEDED", metrics: { patients_scored: 1 } });
    expect(await run(results)).toMatchObject({
      items: [{ patient_id: "abc123" }],
      next_page_token: null,
      total_rows: 1,
    });

    expect(await run(createBatch)).toMatchObject({ batch_id: expect.any(String), status: "CREATED" });
    const { url } = await run(upload);
    const patients = await folder.write("p.csv", "patient_id,birth_date,sex,zip3\nabc123,1964-05-18,F,021\n");
    await bash("curl", ["-sS", "--fail-with-body", "-T", patients, url]);
    const diagnoses = await run(upload.replace('"patients"', '"diagnosis"'));
    const rows = "patient_id,diagnosis_date,code,code_type_name\nabc123,2020-01-01,I10,ICD10\n";
    await bash("curl", ["-sS", "--fail-with-body", "-T", await folder.write("d.csv", rows), diagnoses.url]);
    expect(await run(finalize)).toMatchObject({ status: "FINALIZED", manifest_key: expect.any(String) });
    expect(await run(start)).toMatchObject({ job_id: expect.any(String), status: "QUEUED" });
    await expect.poll(async () => (await run(pollBatch)).status, { timeout: 20_000 }).toBe("SUCCEEDED");
    expect(await run(pages)).toMatchObject({ items: [{ patient_id: "abc123" }], total_rows: 1 });
    expect(await run(download)).toMatchObject({
      mode: "manifest",
      manifest: { shards: [{ url: expect.any(String) }] },
    });
  });
});
