import { readFile } from "node:fs/promises";
import { gunzipSync } from "node:zlib";
import { type FhirToOmopOptions, openFhirToOmop } from "../omop/fhir-to-omop/fhir-to-omop.ts";
import { messageOf, OmopipeError } from "../pipeline/errors.ts";

/** `omopipe fhir2omop`: gives the exit code. */
export async function fhir2omop(file: string, options: FhirToOmopOptions): Promise<number> {
  const resources = await readJson(file);
  await using mapper = await openFhirToOmop(options);
  const answer = await mapper.map(resources);
  process.stdout.write(`${JSON.stringify(answer, null, 2)}\n`);
  return answer.success ? 0 : 1;
}

async function readJson(file: string): Promise<unknown> {
  const bytes = await readFile(file).catch((cause) => {
    throw new OmopipeError("INPUT_NOT_FOUND", `${file} cannot be read: ${messageOf(cause)}`, { cause });
  });
  try {
    const text = (file.endsWith(".gz") ? gunzipSync(bytes) : bytes).toString();
    return JSON.parse(text.replace(/^\uFEFF/, ""));
  } catch {
    // What JSON.parse says would quote the file, and so a patient.
    throw new OmopipeError("INPUT_NOT_FHIR", `${file} is not JSON. It must hold one FHIR resource or one Bundle.`);
  }
}
