/** The kinds of files of a PhenOM batch, named as the lists of a patient's history are. */
export const batchFileKinds = ["patients", "lab_results", "diagnoses", "procedures", "medications"] as const;
/** A kind of file of a PhenOM batch. */
export type BatchFileKind = (typeof batchFileKinds)[number];

/** What the contract knows of one kind of file. */
export interface BatchFile {
  /** How deployments spell the kind where a file is uploaded: as the guide does, and as others do. */
  readonly objectTypes: readonly [guide: string, other: string, ...more: string[]];
  /** The columns of the file, in order; they are the members of the history, behind the patient they belong to. */
  readonly columns: readonly string[];
  /** Those of them that may be missing or empty. */
  readonly optional: readonly string[];
  /** The column with the day on which it happened. */
  readonly day?: string;
  /** The column with the code system; the contract has two names for it. */
  readonly codeSystem?: string;
}

/**
 * The files of a batch: CSV in UTF-8 with a header, days as YYYY-MM-DD. Diagnoses are "diagnoses" in a history and
 * "diagnosis" as a file.
 */
export const batchFiles: Readonly<Record<BatchFileKind, BatchFile>> = {
  patients: {
    objectTypes: ["patients", "patient"],
    columns: ["patient_id", "birth_date", "sex", "zip3"],
    optional: [],
  },
  lab_results: {
    objectTypes: ["lab_results", "lab_result"],
    columns: ["patient_id", "lab_date", "loinc", "value_abnormal"],
    optional: ["value_abnormal"],
    day: "lab_date",
  },
  diagnoses: {
    objectTypes: ["diagnosis", "diagnosis", "diagnoses"],
    columns: ["patient_id", "diagnosis_date", "code", "code_type_name"],
    optional: [],
    day: "diagnosis_date",
    codeSystem: "code_type_name",
  },
  procedures: {
    objectTypes: ["procedures", "procedure"],
    columns: ["patient_id", "procedure_date", "code", "code_type_name"],
    optional: [],
    day: "procedure_date",
    codeSystem: "code_type_name",
  },
  medications: {
    objectTypes: ["medications", "medication"],
    columns: ["patient_id", "medication_start", "code", "code_type"],
    optional: [],
    day: "medication_start",
    codeSystem: "code_type",
  },
};

/** The kind of file that a spelling means, or undefined. */
export function batchFileKindOf(objectType: string): BatchFileKind | undefined {
  return batchFileKinds.find((kind) => batchFiles[kind].objectTypes.includes(objectType));
}
