import { arrow } from "../export/arrow.ts";
import { csv, type ExportOptions, parquet } from "../export/sql-formats.ts";
import { type Filled, mappedWarehouse } from "../omop/map-to-omop.ts";
import { OmopipeError } from "../pipeline/errors.ts";
import { pipeline } from "../pipeline/pipeline.ts";
import type { Stage } from "../pipeline/stage.ts";
import type { Warehouse } from "../warehouse/warehouse.ts";
import { mustExist, runPipeline } from "./run-pipeline.ts";

type Format = (folder: string, options: ExportOptions) => Stage<Filled, void, Warehouse>;
const formats: Readonly<Record<string, Format>> = { parquet, arrow, csv };

/** `omopipe export`. */
export async function exportCommand(options: {
  readonly warehouse: string;
  readonly format: string;
  readonly out: string;
  readonly tables?: readonly string[];
  readonly byOutcome: boolean;
}): Promise<void> {
  const write = formats[options.format];
  if (!write)
    throw new OmopipeError("USAGE", `There is no format ${options.format}; there are parquet, arrow and csv.`);
  await mustExist(options.warehouse);
  const exporting = pipeline(
    mappedWarehouse(),
    write(options.out, { tables: options.tables, byOutcome: options.byOutcome }),
  );
  await runPipeline(options.warehouse, {}, exporting, async () => {
    process.stdout.write(`The tables are in ${options.out}\n`);
  });
}
