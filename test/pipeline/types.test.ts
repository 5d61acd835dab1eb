import { describe, expectTypeOf, it } from "vitest";
import { arrow } from "../../src/export/arrow.ts";
import { csv, parquet } from "../../src/export/sql-formats.ts";
import { type Histories, patientHistories } from "../../src/features/patient-histories.ts";
import { fhirFiles, type Landed } from "../../src/ingest/fhir-files.ts";
import { type Mapped, mappedWarehouse, mapToOmop } from "../../src/omop/map-to-omop.ts";
import { mapBatches, rebatch } from "../../src/pipeline/map-batches.ts";
import { pipeline } from "../../src/pipeline/pipeline.ts";
import { type Batch, type Stage, sink } from "../../src/pipeline/stage.ts";
import { runReport } from "../../src/quality/run-report.ts";
import { phenom } from "../../src/scoring/phenom.ts";
import { type Scored, scoreWith } from "../../src/scoring/score-with.ts";
import type { Warehouse } from "../../src/warehouse/warehouse.ts";
import { batchesOf, numbers } from "../support/stages.ts";

/** What a run resolves to. */
type ResultOf<Run extends (...args: never[]) => unknown> = Awaited<ReturnType<Run>>;

const score = scoreWith(phenom({ baseUrl: "http://127.0.0.1:1", token: "t", outcomes: ["o"] }));

// These are held to by the compiler: `npm run typecheck` fails where one is wrong.

describe("what a pipeline gives", () => {
  it("is what its last stage gives", () => {
    const landed = pipeline(fhirFiles("in"));
    expectTypeOf<ResultOf<typeof landed.run>>().toEqualTypeOf<Landed>();
    const mapped = pipeline(fhirFiles("in"), mapToOmop());
    expectTypeOf<ResultOf<typeof mapped.run>>().toEqualTypeOf<Mapped>();
    const histories = pipeline(mappedWarehouse(), patientHistories());
    expectTypeOf<ResultOf<typeof histories.run>>().toEqualTypeOf<Histories>();
  });

  it("is not changed by sinks, however many there are", () => {
    const scored = pipeline(fhirFiles("in"), mapToOmop(), patientHistories(), score, parquet("out"));
    expectTypeOf<ResultOf<typeof scored.run>>().toEqualTypeOf<Scored>();
    const long = pipeline(
      fhirFiles("in"),
      mapToOmop(),
      parquet("out"),
      patientHistories(),
      csv("out"),
      score,
      arrow("out"),
      runReport("out"),
    );
    expectTypeOf<ResultOf<typeof long.run>>().toEqualTypeOf<Scored>();
    const nested = pipeline(pipeline(fhirFiles("in"), mapToOmop()), pipeline(parquet("a"), csv("b")));
    expectTypeOf<ResultOf<typeof nested.run>>().toEqualTypeOf<Mapped>();
  });

  it("is inferred through the user's own stages", () => {
    const texts = pipeline(
      numbers(3),
      mapBatches("text", (batch: Batch<number>) => batch.map(String)),
      rebatch(10),
    );
    expectTypeOf<ResultOf<typeof texts.run>>().toEqualTypeOf<AsyncIterable<Batch<string>>>();
    const length = pipeline(texts, { name: "length", execute: async () => 3 as const });
    expectTypeOf<ResultOf<typeof length.run>>().toEqualTypeOf<3>();
  });

  it("is inferred forwards, from a first stage that looks at no input", () => {
    const square: Stage<number, bigint> = { name: "square", execute: (value) => BigInt(value) ** 2n };
    const run = pipeline({ name: "three", execute: () => 3 }, square).run;
    expectTypeOf<ResultOf<typeof run>>().toEqualTypeOf<bigint>();
  });
});

describe("what a pipeline is run against", () => {
  it("is a warehouse exactly when a stage needs one", () => {
    expectTypeOf(pipeline(fhirFiles("in")).run)
      .parameter(0)
      .toEqualTypeOf<Warehouse>();
    expectTypeOf(pipeline(numbers(1)).run)
      .parameter(0)
      .toEqualTypeOf<undefined>();
    const count = sink<number, number, Warehouse>("count", async () => 0);
    expectTypeOf(pipeline(numbers(1), count).run)
      .parameter(0)
      .toEqualTypeOf<Warehouse>();
    return async () => {
      await pipeline(numbers(1)).run();
      // @ts-expect-error a warehouse is missing
      await pipeline(fhirFiles("in")).run();
      // @ts-expect-error a warehouse is missing
      await pipeline(numbers(1), count).run();
      // @ts-expect-error there is nothing to run it against
      await pipeline(numbers(1)).run({} as Warehouse);
    };
  });

  it("is everything that any of the stages needs", () => {
    const left: Stage<unknown, number, { left: number }> = { name: "left", execute: (_, { target }) => target.left };
    const right: Stage<number, number, { right: number }> = { name: "right", execute: (_, { target }) => target.right };
    expectTypeOf(pipeline(left, right).run).parameter(0).toEqualTypeOf<{ left: number } & { right: number }>();
  });

  it("is asked for only where a pipeline begins with a source", () => {
    expectTypeOf(pipeline(mapToOmop()).run).toBeNever();
    expectTypeOf(pipeline(patientHistories(), score).run).toBeNever();
  });
});

describe("a wrong order", () => {
  const texts = batchesOf([["a"]]);
  const sum = sink<number, number>("sum", async () => 0);

  it("does not compile", () => () => {
    // @ts-expect-error mapping comes after landing
    pipeline(mapToOmop(), fhirFiles("in"));
    // @ts-expect-error nothing is mapped yet
    pipeline(fhirFiles("in"), patientHistories());
    // @ts-expect-error nothing is mapped yet
    pipeline(fhirFiles("in"), parquet("out"));
    // @ts-expect-error there are no histories to score yet
    pipeline(fhirFiles("in"), mapToOmop(), score);
    // @ts-expect-error there are no histories to score yet, and a sink makes none
    pipeline(fhirFiles("in"), mapToOmop(), parquet("out"), score);
    // @ts-expect-error what was scored is not mapped again
    pipeline(mappedWarehouse(), patientHistories(), score, mapToOmop());
    // @ts-expect-error histories are made of the CDM, not of scores
    pipeline(mappedWarehouse(), patientHistories(), score, patientHistories());
    // @ts-expect-error a report is made of a run, not of batches
    pipeline(numbers(1), runReport("out"));
    // @ts-expect-error these are texts, not numbers
    pipeline(texts, sum);
  });
});
