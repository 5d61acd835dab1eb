/** The names of the contract for code systems, by their addresses in FHIR. */
const byAddress: Readonly<Record<string, string>> = {
  "http://hl7.org/fhir/sid/icd-10": "ICD10",
  "http://hl7.org/fhir/sid/icd-10-cm": "ICD10",
  "http://hl7.org/fhir/sid/icd-9-cm": "ICD9",
  "http://snomed.info/sct": "SNOMED",
  "http://www.ama-assn.org/go/cpt": "CPT",
  "https://www.cms.gov/Medicare/Coding/HCPCSReleaseCodeSets": "HCPCS",
  "http://terminology.hl7.org/CodeSystem/HCPCS-all-codes": "HCPCS",
  "http://www.cms.gov/Medicare/Coding/ICD10": "ICD10PCS",
  "http://hl7.org/fhir/sid/icd-10-pcs": "ICD10PCS",
  "http://www.whocc.no/atc": "ATC",
  "http://hl7.org/fhir/sid/ndc": "NDC",
  "http://www.nlm.nih.gov/research/umls/rxnorm": "RXNORM",
};

/**
 * How the contract writes a code system: addresses of FHIR by name; everything else as it is, for the list is open.
 *
 * @example
 * phenomCodeSystem("http://snomed.info/sct"); // "SNOMED"
 * phenomCodeSystem("ICD10"); // "ICD10"
 */
export function phenomCodeSystem(codeSystem: string): string {
  return byAddress[codeSystem] ?? codeSystem;
}
