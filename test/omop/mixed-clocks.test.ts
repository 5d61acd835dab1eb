import { expect, onTestFinished, test } from "vitest";
import { fhirFiles } from "../../src/ingest/fhir-files.ts";
import { type MapToOmopOptions, mapToOmop } from "../../src/omop/map-to-omop.ts";
import { pipeline } from "../../src/pipeline/pipeline.ts";
import { lines, openIntake, patient, weight } from "../ingest/intake.ts";

/** What is said of the clocks of weights that were taken at these times. */
async function warningsOf(times: readonly string[], options: MapToOmopOptions = {}): Promise<string[]> {
  const intake = await openIntake();
  onTestFinished(() => intake[Symbol.asyncDispose]());
  const weights = times.map((effectiveDateTime, i) => weight(String(i), { effectiveDateTime }));
  await intake.write("all.ndjson", lines(patient("p"), ...weights));
  const warnings: string[] = [];
  await pipeline(fhirFiles(intake.folder), mapToOmop({ noVocabulary: true, ...options })).run(intake.warehouse, {
    onProgress: ({ state, message = "" }) => {
      if (state === "warning" && message.includes("clocks")) warnings.push(message);
    },
  });
  return warnings;
}

const mixed = ["2019-05-01T10:00:00Z", "2019-05-02T10:00:00.25Z", "2019-05-01T10:00:00+02:00", "2019-05-01"];

test("times on clocks more than an hour apart are told once, with how many are on each, and with what to do", async () => {
  expect(await warningsOf(mixed)).toEqual([
    "The times of source default are on clocks more than an hour apart (2 at +00:00, 1 at +02:00), and are kept as they were written. timeZone (--time-zone) shows all on one.",
  ]);
});

test("summer and winter of one place are no two clocks", async () => {
  expect(await warningsOf(["2019-07-01T10:00:00-04:00", "2019-01-01T10:00:00-05:00"])).toEqual([]);
});

test("who has chosen a zone is not told", async () => {
  expect(await warningsOf(mixed, { timeZone: "UTC" })).toEqual([]);
});

test("what is no offset is not shown", async () => {
  expect(await warningsOf(["2019-05-01T10:00:00Z", "2019-05-01T10:00:00 Jane D"])).toEqual([]);
});
