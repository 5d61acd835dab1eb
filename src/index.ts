/**
 * omopipe: FHIR and CSV to OMOP CDM 5.4 in DuckDB and Parquet, with patient risk scores beside the data.
 *
 * @module
 */

// sources
export type { CsvMapping, CsvMappingInput } from "../schemas/csv-mapping.ts";
// mapping and report
export type { FhirToOmopAnswer } from "../schemas/fhir-to-omop.ts";
// service clients and the embedded engine
export { createPhenomClient, type PhenomClient, type PhenomClientOptions } from "./clients/phenom/client.ts";
export { servePhenom } from "./engines/phenom/serve-phenom.ts";
// sinks
export { arrow } from "./export/arrow.ts";
export { type ParquetLoadsOptions, parquetLoads } from "./export/parquet-loads.ts";
export { type PostgresOptions, postgres } from "./export/postgres.ts";
export { csv, type ExportOptions, parquet } from "./export/sql-formats.ts";
// histories and scores
export { type Histories, type PatientHistoriesOptions, patientHistories } from "./features/patient-histories.ts";
export { type CsvFilesOptions, csvFiles } from "./ingest/csv-files.ts";
export { defineCsvMapping, loadCsvMapping } from "./ingest/csv-mapping.ts";
export { type FhirFilesOptions, fhirFiles, type Landed } from "./ingest/fhir-files.ts";
export { type FhirToOmop, type FhirToOmopOptions, openFhirToOmop } from "./omop/fhir-to-omop/fhir-to-omop.ts";
export { forgetLanding } from "./omop/forget-landing.ts";
export { type Filled, type Mapped, type MapToOmopOptions, mappedWarehouse, mapToOmop } from "./omop/map-to-omop.ts";
// pipelines
export { type ErrorCode, OmopipeError, type OmopipeErrorOptions } from "./pipeline/errors.ts";
export { type MapBatchesOptions, mapBatches, rebatch } from "./pipeline/map-batches.ts";
export { type Pipeline, pipeline, type RunLedger, type RunOptions } from "./pipeline/pipeline.ts";
export {
  type Batch,
  type Progress,
  type ProgressEvent,
  type Stage,
  type StageContext,
  sink,
  source,
} from "./pipeline/stage.ts";
export { createRunReport, runReport } from "./quality/run-report.ts";
export { unmappedCodes } from "./quality/unmapped-codes.ts";
export { type PhenomScorerOptions, phenom } from "./scoring/phenom.ts";
export { type Scored, scoreWith } from "./scoring/score-with.ts";
export type { HistoryToScore, Score, Scorer } from "./scoring/scorer.ts";
// warehouse and vocabulary
export type { RefusedVocabularyRows } from "./vocabulary/attach-databases.ts";
export { type LoadedVocabulary, loadVocabulary } from "./vocabulary/load-vocabulary.ts";
export type { LoadVocabularyOptions } from "./vocabulary/vocabulary-database.ts";
export type { Row, Value } from "./warehouse/values.ts";
export {
  openWarehouse,
  type QueryOptions,
  type QueryParameters,
  type Warehouse,
  type WarehouseOptions,
} from "./warehouse/warehouse.ts";
