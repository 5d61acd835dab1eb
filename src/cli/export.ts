import { arrow } from "../export/arrow.ts";
import { parquetLoads } from "../export/parquet-loads.ts";
import { postgres } from "../export/postgres.ts";
import { csv, type ExportOptions, parquet } from "../export/sql-formats.ts";
import { type Filled, mappedWarehouse } from "../omop/map-to-omop.ts";
import { OmopipeError } from "../pipeline/errors.ts";
import { pipeline } from "../pipeline/pipeline.ts";
import type { Stage } from "../pipeline/stage.ts";
import type { Warehouse } from "../warehouse/warehouse.ts";
import { mustExist, runPipeline } from "./run-pipeline.ts";

type Format = (folder: string, options: ExportOptions) => Stage<Filled, void, Warehouse>;
const fileFormats: Readonly<Record<string, Format>> = { parquet, arrow, csv };

export interface ExportCommandOptions {
  readonly warehouse: string;
  readonly format: string;
  readonly out?: string;
  readonly tables?: readonly string[];
  readonly byOutcome: boolean;
  readonly schema: string;
  /** true: named after the time of the run. */
  readonly load?: string | true;
}

/** `omopipe export`. */
export async function exportCommand(options: ExportCommandOptions): Promise<void> {
  const { stage, place } = sinkOf(options);
  await mustExist(options.warehouse);
  await runPipeline(options.warehouse, {}, pipeline(mappedWarehouse(), stage), async () => {
    process.stdout.write(`The tables are in ${place}\n`);
  });
}

function sinkOf({ format, out, tables, byOutcome, schema, load }: ExportCommandOptions) {
  if (format === "postgres") {
    if (tables || out) throw new OmopipeError("USAGE", "postgres writes all tables of the CDM, into --schema NAME.");
    return { stage: postgres({ schema }), place: `schema ${schema} of PostgreSQL` };
  }
  const write = fileFormats[format];
  if (!write) {
    throw new OmopipeError("USAGE", `There is no format ${format}; there are parquet, arrow, csv and postgres.`);
  }
  if (out === undefined) throw new OmopipeError("USAGE", `Say where to write one file a table: --out FOLDER`);
  if (load !== undefined) {
    if (format !== "parquet") throw new OmopipeError("USAGE", "--load goes with --format parquet only.");
    return {
      stage: parquetLoads(out, { tables, load: load === true ? undefined : load }),
      place: `${out}, in a load of their own`,
    };
  }
  return { stage: write(out, { tables, byOutcome }), place: out };
}
