import { once } from "node:events";
import { createWriteStream } from "node:fs";
import { pipeline } from "node:stream/promises";
import {
  type DuckDBDataChunk,
  DuckDBDateValue,
  DuckDBTimestampValue,
  DuckDBTypeId,
  type DuckDBValue,
} from "@duckdb/node-api";
import {
  Bool,
  type Data,
  type DataType,
  DateDay,
  Field,
  Float64,
  Int32,
  Int64,
  makeData,
  RecordBatch,
  RecordBatchFileWriter,
  Schema,
  Struct,
  TimestampMicrosecond,
  Utf8,
  vectorFromArray,
} from "apache-arrow";
import type { Filled } from "../omop/map-to-omop.ts";
import { OmopipeError } from "../pipeline/errors.ts";
import type { Stage } from "../pipeline/stage.ts";
import { mustBeLocal } from "../warehouse/places.ts";
import type { Warehouse } from "../warehouse/warehouse.ts";
import { type ExportOptions, exportStage } from "./tables.ts";

/**
 * Writes one Arrow IPC file a table (`person.arrow`), readable by `apache-arrow`, pyarrow, polars and R. Whole numbers are
 * Int64, dates Date32, timestamps in microseconds without zone. Streams chunk by chunk, so memory stays flat.
 *
 * @example
 * await pipeline(mappedWarehouse(), arrow("out/", { tables: ["risk_score"] })).run(warehouse);
 */
export function arrow(folder: string, options: ExportOptions = {}): Stage<Filled, void, Warehouse> {
  mustBeLocal("Arrow files are written", folder);
  return exportStage("arrow", folder, options, ({ relation }, path, { target: warehouse, signal }) =>
    writeArrowFile(warehouse, relation, path, signal),
  );
}

async function writeArrowFile(
  warehouse: Warehouse,
  relation: string,
  path: string,
  signal: AbortSignal,
): Promise<void> {
  const columns = await warehouse.columns(relation);
  const schema = new Schema(columns.map(({ name, type }) => new Field(name, arrowType(type.typeId, name), true)));
  const file = createWriteStream(path);
  const writer = new RecordBatchFileWriter();
  const written = pipeline(writer, file);
  // A failure is seen at the end; until then it must not count as unhandled.
  written.catch(() => {});
  try {
    writer.reset(undefined, schema);
    for await (const { chunk } of warehouse.streamChunks(`from ${relation}`, { signal })) {
      if (file.destroyed) break;
      writer.write(recordBatch(schema, chunk));
      if (file.writableNeedDrain) await once(file, "drain");
    }
    writer.finish();
    await written;
  } catch (error) {
    writer.abort(error);
    await written.catch(() => {});
    throw error;
  }
}

function recordBatch(schema: Schema, chunk: DuckDBDataChunk): RecordBatch {
  const children = schema.fields.map((field, i) => arrowData(field.type, chunk.getColumnValues(i)));
  const struct = makeData({ type: new Struct(schema.fields), length: chunk.rowCount, nullCount: 0, children });
  return new RecordBatch(schema, struct);
}

function arrowType(type: DuckDBTypeId, column: string): DataType {
  switch (type) {
    case DuckDBTypeId.BIGINT:
      return new Int64();
    case DuckDBTypeId.INTEGER:
      return new Int32();
    case DuckDBTypeId.DOUBLE:
      return new Float64();
    case DuckDBTypeId.BOOLEAN:
      return new Bool();
    case DuckDBTypeId.DATE:
      return new DateDay();
    case DuckDBTypeId.TIMESTAMP:
      return new TimestampMicrosecond();
    case DuckDBTypeId.VARCHAR:
      return new Utf8();
    default:
      throw new OmopipeError("EXPORT_FAILED", `Column ${column} has a type that has no Arrow counterpart here.`);
  }
}

/**
 * A column as Arrow holds it. Fixed-width values are put into typed arrays as they are: the builders of apache-arrow take
 * dates and timestamps through JavaScript's milliseconds, which would cut microseconds off.
 */
function arrowData(type: DataType, values: readonly DuckDBValue[]): Data {
  const common = { length: values.length, ...nulls(values) };
  if (type instanceof Int64) return makeData({ type, data: BigInt64Array.from(values, toBigInt), ...common });
  if (type instanceof TimestampMicrosecond) {
    return makeData({ type, data: BigInt64Array.from(values, toBigInt), ...common });
  }
  if (type instanceof Int32) return makeData({ type, data: Int32Array.from(values, toNumber), ...common });
  if (type instanceof DateDay) return makeData({ type, data: Int32Array.from(values, toNumber), ...common });
  if (type instanceof Float64) return makeData({ type, data: Float64Array.from(values, toNumber), ...common });
  return vectorFromArray(values, type).data[0]!;
}

function toBigInt(value: DuckDBValue): bigint {
  return value instanceof DuckDBTimestampValue ? value.micros : ((value ?? 0n) as bigint);
}

function toNumber(value: DuckDBValue): number {
  return value instanceof DuckDBDateValue ? value.days : ((value ?? 0) as number);
}

/** Arrow marks the values that are there, one bit each, lowest first. */
function nulls(values: readonly DuckDBValue[]): { nullCount: number; nullBitmap: Uint8Array } {
  const nullBitmap = new Uint8Array(Math.ceil(values.length / 8));
  let nullCount = 0;
  values.forEach((value, i) => {
    if (value === null) nullCount += 1;
    else nullBitmap[i >> 3]! |= 1 << (i & 7);
  });
  return { nullCount, nullBitmap };
}
