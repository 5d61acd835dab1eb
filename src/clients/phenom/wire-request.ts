import {
  type JobFromPatientRequest,
  jobFromPatientRequestSchema,
  type PatientHistory,
} from "../../../schemas/phenom.ts";
import { OmopipeError } from "../../pipeline/errors.ts";
import { describeIssues } from "../http/issues.ts";
import { withhold } from "../http/server-message.ts";
import { phenomCodeSystem } from "./code-systems.ts";

/**
 * A history as the JSON that is sent, in UTF-8: known to fit the contract, so that nobody looks into it on its way. Bytes, because a
 * text of tens of kilobytes would be copied at every step, and by the collector of garbage.
 */
export interface HistoryJson {
  readonly patientId: string;
  readonly json: Uint8Array;
}

/** The same request, of a history or of its JSON. */
export interface ScoringRequest extends Omit<JobFromPatientRequest, "patient_history"> {
  readonly patient_history: PatientHistory | HistoryJson;
}

/** Who a history is of. */
export function patientIdOf(history: PatientHistory | HistoryJson): string {
  return isJson(history) ? history.patientId : history.patient.patient_id;
}

/** What must not be repeated of a history. JSON is taken apart when somebody looks at it. */
export function confidentialOf(history: PatientHistory | HistoryJson): object {
  if (!isJson(history)) return history;
  return {
    get history() {
      return JSON.parse(Buffer.from(history.json).toString());
    },
  };
}

/**
 * The JSON of a request as it is sent: ZIP codes cut to three digits, code systems by the names of the contract. Throws
 * HISTORY_INVALID, naming every member that does not fit and no value, and USAGE for an idempotency key that tells who the
 * patient is.
 */
export function wireRequest({ patient_history, ...others }: ScoringRequest): string | Uint8Array {
  if (!isJson(patient_history)) return JSON.stringify(checkedRequest({ ...others, patient_history }));
  mustNotTell(others.idempotency_key, [patient_history.patientId]);
  const before = Buffer.from(`${JSON.stringify(others).slice(0, -1)},"patient_history":`);
  return Buffer.concat([before, patient_history.json, Buffer.from("}")]);
}

const isJson = (history: PatientHistory | HistoryJson): history is HistoryJson => "json" in history;

function checkedRequest(request: JobFromPatientRequest): JobFromPatientRequest {
  const checked = jobFromPatientRequestSchema.safeParse(request);
  if (!checked.success) {
    throw new OmopipeError(
      "HISTORY_INVALID",
      `This patient history does not fit the PhenOM contract, so it was not sent: ${describeIssues(checked.error)}.`,
    );
  }
  const { patient_history, ...others } = checked.data;
  const { patient_id, birth_date } = patient_history.patient;
  mustNotTell(others.idempotency_key, [patient_id, birth_date]);
  return { ...others, patient_history: wireHistory(patient_history) };
}

function wireHistory(history: PatientHistory): PatientHistory {
  const { patient, diagnoses, procedures, medications } = history;
  const named = <Item extends { readonly code_type_name: string }>(items: Item[] | null | undefined) =>
    items?.map((item) => ({ ...item, code_type_name: phenomCodeSystem(item.code_type_name) }));
  return {
    ...history,
    patient: { ...patient, zip3: patient.zip3.slice(0, 3) },
    diagnoses: named(diagnoses),
    procedures: named(procedures),
    medications: medications?.map((item) => ({ ...item, code_type: phenomCodeSystem(item.code_type) })),
  };
}

/** Shorter identifiers would be found in random keys by chance. */
const shortestTelling = 5;

function mustNotTell(key: string, texts: readonly string[]): void {
  // To look for words costs as much as all else that is done for a patient: only where there is something to be found.
  const telling = texts.filter(
    (text) => text === key || (text.length >= shortestTelling && key.toLowerCase().includes(text.trim().toLowerCase())),
  );
  if (telling.length === 0 || withhold(key, telling) === withhold(key, undefined)) return;
  throw new OmopipeError(
    "USAGE",
    "The idempotency key holds the patient's identifier or birth date, and keys end up in logs, so nothing was sent. " +
      "Leave the key out, or make it of a hash.",
  );
}
