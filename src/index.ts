/**
 * omopipe: FHIR and CSV to OMOP CDM 5.4 in DuckDB and Parquet, with patient risk scores beside the data.
 *
 * @module
 */

// sources
export type { CsvMapping, CsvMappingInput } from "../schemas/csv-mapping.ts";
// mapping and report
export type { FhirToOmopAnswer } from "../schemas/fhir-to-omop.ts";
export type { UploadState } from "../schemas/phenom-batch.ts";
export type { BatchFileKind } from "../schemas/phenom-files.ts";
// service clients and the embedded engine
export type { BulkRequest } from "./clients/fhir/bulk-client.ts";
export type { FhirConnection } from "./clients/fhir/fhir-client.ts";
export { type SmartBackendOptions, smartBackendToken } from "./clients/fhir/smart-backend.ts";
export { publicJwks } from "./clients/fhir/smart-key.ts";
export type { Token } from "./clients/http/token.ts";
export {
  createPhenomClient,
  type PhenomClient,
  type PhenomClientOptions,
  type ScoredPatient,
} from "./clients/phenom/client.ts";
export type { BatchFileUpload, UploadFileOptions } from "./clients/phenom/upload-file.ts";
export { servePhenom } from "./engines/phenom/serve-phenom.ts";
// sinks
export { arrow } from "./export/arrow.ts";
export { csv, type ExportOptions, parquet } from "./export/sql-formats.ts";
// histories and scores
export { batchFiles } from "./features/batch-files.ts";
export type { PatientHistoriesOptions } from "./features/history-options.ts";
export { type Histories, patientHistories } from "./features/patient-histories.ts";
export type { BatchFileOptions } from "./features/write-batch-files.ts";
export { type BulkExportOptions, bulkExport } from "./ingest/bulk-export/bulk-export.ts";
export { type CsvFilesOptions, csvFiles } from "./ingest/csv-files.ts";
export { defineCsvMapping, loadCsvMapping } from "./ingest/csv-mapping.ts";
export { draftCsvMapping } from "./ingest/csv-profile/draft-mapping.ts";
export {
  type CsvColumnProfile,
  type CsvFileProfile,
  type ProfileCsvOptions,
  profileCsv,
} from "./ingest/csv-profile/profile-csv.ts";
export type { CsvStream } from "./ingest/csv-stream.ts";
export type { CsvRowAnswer, CsvRowObject, CsvTransform } from "./ingest/csv-transform.ts";
export { type FhirFilesOptions, fhirFiles, type Landed } from "./ingest/fhir-files.ts";
export { type FhirServerOptions, fhirServer } from "./ingest/fhir-server/fhir-server.ts";
export { type FhirToOmop, type FhirToOmopOptions, openFhirToOmop } from "./omop/fhir-to-omop/fhir-to-omop.ts";
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
export type {
  Answer,
  BatchAnswer,
  BatchInHand,
  BatchInHandFile,
  BatchScorer,
  Exclusion,
  HistoryToScore,
  Score,
  Scorer,
} from "./scoring/scorer.ts";
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
