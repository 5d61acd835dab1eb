/** The code systems of the sample data, by their name in the OMOP vocabularies. `Local` stands for a hospital's own. */
export type CodeSystem = "SNOMED" | "LOINC" | "RxNorm" | "CVX" | "ICD10CM" | "ICD10" | "NDC" | "Local";

/** A code with its published name. */
export interface Code {
  readonly system: CodeSystem;
  readonly code: string;
  readonly display?: string | undefined;
}

/** The address of each code system in FHIR. */
export const systemAddresses: Readonly<Record<CodeSystem, string>> = {
  SNOMED: "http://snomed.info/sct",
  LOINC: "http://loinc.org",
  RxNorm: "http://www.nlm.nih.gov/research/umls/rxnorm",
  CVX: "http://hl7.org/fhir/sid/cvx",
  ICD10CM: "http://hl7.org/fhir/sid/icd-10-cm",
  ICD10: "http://hl7.org/fhir/sid/icd-10",
  NDC: "http://hl7.org/fhir/sid/ndc",
  Local: "https://example.org/fhir/CodeSystem/sample-hospital",
};

const inSystem = (system: CodeSystem) => {
  return (code: string, display?: string): Code => ({ system, code, display });
};

export const snomed = inSystem("SNOMED");
export const loinc = inSystem("LOINC");
export const rxnorm = inSystem("RxNorm");
export const cvx = inSystem("CVX");
export const icd10cm = inSystem("ICD10CM");
export const icd10 = inSystem("ICD10");
export const ndc = inSystem("NDC");
export const local = inSystem("Local");
