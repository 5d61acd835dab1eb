import {
  type JobFromPatientRequest,
  jobFromPatientRequestSchema,
  type PatientHistory,
} from "../../../schemas/phenom.ts";
import { OmopipeError } from "../../pipeline/errors.ts";
import { describeIssues } from "../http/issues.ts";
import { withhold } from "../http/server-message.ts";
import { phenomCodeSystem } from "./code-systems.ts";
import type { components } from "./contract.generated.ts";

/**
 * A request as it is sent: ZIP codes cut to three digits, code systems by the names of the contract. Throws
 * HISTORY_INVALID, naming every member that does not fit and no value, and USAGE for an idempotency key that tells who the
 * patient is.
 */
export function wireRequest(request: JobFromPatientRequest): components["schemas"]["JobFromPatientRequest"] {
  const checked = jobFromPatientRequestSchema.safeParse(request);
  if (!checked.success) {
    throw new OmopipeError(
      "HISTORY_INVALID",
      `This patient history does not fit the PhenOM contract, so it was not sent: ${describeIssues(checked.error)}.`,
    );
  }
  const { patient_history, ...others } = checked.data;
  mustNotTell(others.idempotency_key, patient_history);
  // Where the schema allows undefined, JSON leaves the member out: what is sent is the generated type.
  return { ...others, patient_history: wireHistory(patient_history) } as components["schemas"]["JobFromPatientRequest"];
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

function mustNotTell(key: string, { patient: { patient_id, birth_date } }: PatientHistory): void {
  // To look for words costs as much as all else that is done for a patient: only where there is something to be found.
  const telling = [patient_id, birth_date].filter(
    (text) => text === key || (text.length >= shortestTelling && key.toLowerCase().includes(text.trim().toLowerCase())),
  );
  if (withhold(key, telling) === withhold(key, undefined)) return;
  throw new OmopipeError(
    "USAGE",
    "The idempotency key holds the patient's identifier or birth date, and keys end up in logs, so nothing was sent. " +
      "Leave the key out, or make it of a hash.",
  );
}
