import { randomUUID } from "node:crypto";
import { access, mkdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { UploadState } from "../../schemas/phenom-batch.ts";
import type { BatchFileKind } from "../../schemas/phenom-files.ts";
import { writeBatchFiles } from "../features/write-batch-files.ts";
import { OmopipeError } from "../pipeline/errors.ts";
import type { StageContext } from "../pipeline/stage.ts";
import { literal } from "../warehouse/sql-text.ts";
import type { Warehouse } from "../warehouse/warehouse.ts";
import type { BatchInHand, BatchScorer, Scorer } from "./scorer.ts";
import type { Counts, ScoringLedger } from "./scoring-ledger.ts";

interface BatchRow {
  readonly batch_key: string;
  /** The outcomes asked for, as a JSON list. */
  readonly outcomes: string;
  readonly folder: string;
  readonly progress: string;
}

/** Scores who is due by files. */
export interface Batches {
  /** Goes on with the batches that an earlier run has left. */
  finishOpen(): Promise<void>;
  /** Scores those who are due as one batch; false where they are to be asked for one by one. */
  score(due: number): Promise<boolean>;
}

/**
 * Batches of a scorer. Each is written down with its persons before its files are written, and with these before the service
 * hears of it; it is gone once its results are stored. One that was broken off before its files were whole is given up: its
 * persons are due as before.
 */
export function openBatches(
  context: StageContext<Warehouse>,
  scorer: Scorer,
  ledger: ScoringLedger,
  stored: (counts: Counts) => void,
): Batches {
  const { target: warehouse, signal, warn } = context;
  const own = `service = ${literal(ledger.service)} and request = ${literal(ledger.request)}`;
  const outcomesAsked = "coalesce(to_json(outcomes)::varchar, request)";

  const forget = (key: string) =>
    warehouse.run(
      `delete from meta.scoring_batch where batch_key = ${literal(key)};
       delete from meta.scoring_batch_file where batch_key = ${literal(key)};
       update meta.scoring set batch_key = null where batch_key = ${literal(key)}`,
    );
  /** The files first: as long as a batch is known, so is where its files lie. */
  const remove = async ({ batch_key, folder }: BatchRow) => {
    await rm(folder, { recursive: true, force: true });
    await warehouse.transaction(() => forget(batch_key));
  };

  const write = async (outcomes: string): Promise<BatchRow> => {
    const key = randomUUID();
    const inMemory = warehouse.path === ":memory:";
    const folder = inMemory ? join(tmpdir(), `omopipe-batch-${key}`) : `${warehouse.path}.batch-${key}`;
    const row = { batch_key: key, outcomes, folder, progress: "{}" };
    const persons = `select person_id from meta.scoring where batch_key = ${literal(key)}`;
    await warehouse.transaction(async () => {
      const { service, request } = ledger;
      await warehouse.append("meta.scoring_batch", [{ ...row, service, request }]);
      await warehouse.run(
        `update meta.scoring set batch_key = ${literal(key)}
         where ${own} and status = 'due' and ${outcomesAsked} = ${literal(outcomes)}`,
      );
    });
    await mkdir(folder, { mode: 0o700, recursive: true });
    const files = await writeBatchFiles(warehouse, folder, { persons }, { signal });
    await warehouse.append(
      "meta.scoring_batch_file",
      files.map(({ kind, path }) => ({ batch_key: key, kind, path })),
    );
    return row;
  };

  const inHand = async ({ batch_key: key, outcomes, progress }: BatchRow): Promise<BatchInHand> => {
    const files = await warehouse.rows<{ kind: BatchFileKind; path: string; upload: string | null }>(
      "select kind, path, upload::varchar as upload from meta.scoring_batch_file where batch_key = $1 order by path",
      [key],
    );
    return {
      key,
      outcomes: JSON.parse(outcomes || "[]"),
      files: files.map(({ kind, path, upload }) => ({ kind, path, upload: upload ? JSON.parse(upload) : undefined })),
      progress: JSON.parse(progress),
      save: (now) =>
        warehouse.run("update meta.scoring_batch set progress = $1::json where batch_key = $2", [
          JSON.stringify(now),
          key,
        ]),
      saveUpload: (path: string, upload: UploadState) =>
        warehouse.run("update meta.scoring_batch_file set upload = $1::json where batch_key = $2 and path = $3", [
          JSON.stringify(upload),
          key,
          path,
        ]),
    };
  };

  const finish = async (row: BatchRow, batchScorer: BatchScorer) => {
    await ledger.clear();
    const batch = await inHand(row);
    try {
      const answer = await batchScorer.score(batch, { signal });
      for await (const scores of answer.scores) await ledger.putAside({ scores });
      for await (const exclusions of answer.exclusions) await ledger.putAside({ exclusions });
      let troubles = 0;
      for await (const some of answer.troubles) {
        if (troubles === 0 && some.length > 0)
          warn(`The service could not use rows of the batch, the first: ${some[0]}`);
        troubles += some.length;
      }
      if (troubles > 1) warn(`The service could not use ${troubles} rows of the batch.`);
    } catch (error) {
      // No patient's data is to lie about for what will not be.
      if (error instanceof OmopipeError && error.code === "SCORING_FAILED") await remove(row);
      if (!(error instanceof OmopipeError && error.code === "JOB_FAILED")) throw error;
      await ledger.clear();
      const { code, message } = error;
      await ledger.putAsideFailure({ batchKey: row.batch_key }, { code, message, same_key: false });
    }
    stored(await ledger.store({ batchKey: row.batch_key }, () => batch.save({ stored: true })));
    await remove(row);
  };

  /** A batch that was never started, and that the service has forgotten, has cost nobody anything. */
  const goOn = async (row: BatchRow, batchScorer: BatchScorer) => {
    try {
      await finish(row, batchScorer);
    } catch (error) {
      if (!(error instanceof OmopipeError && error.code === "NOT_OFFERED")) throw error;
      await remove(row);
    }
  };

  return {
    async finishOpen() {
      const open = await warehouse.rows<BatchRow>(
        `select batch_key, coalesce(outcomes, request) as outcomes, folder, progress::varchar as progress
         from meta.scoring_batch where ${own}`,
      );
      for (const row of open) {
        const batch = await inHand(row);
        const { stored: over, finalized } = batch.progress;
        const ready = finalized === true || (await areThere(batch.files));
        if (over || !ready || !scorer.batches) await remove(row);
        else await goOn(row, scorer.batches);
      }
    },

    async score(due) {
      const { batches } = scorer;
      if (!batches || due <= batches.above) return false;
      const asked = await warehouse.rows<{ outcomes: string }>(
        `select distinct ${outcomesAsked} as outcomes from meta.scoring where ${own} and status = 'due' order by outcomes`,
      );
      for (const { outcomes } of asked) {
        const row = await write(outcomes);
        try {
          await finish(row, batches);
        } catch (error) {
          if (!(batches.orSingly && error instanceof OmopipeError && error.code === "NOT_OFFERED")) throw error;
          warn(`${error.message} The patients are scored one by one.`);
          await remove(row);
          return false;
        }
      }
      return true;
    },
  };
}

async function areThere(files: BatchInHand["files"]): Promise<boolean> {
  const there = await Promise.all(
    files.map(({ path }) =>
      access(path).then(
        () => true,
        () => false,
      ),
    ),
  );
  return there.length > 0 && there.every(Boolean);
}
