/** Words of the US census for races and ethnicities, by their codes at the CDC. */
export const races = { white: "2106-3", black: "2054-5", asian: "2028-9", native: "1002-5", hawaiian: "2076-8" };
export const racesInFull = {
  White: "2106-3",
  Black: "2054-5",
  "Black or African American": "2054-5",
  Asian: "2028-9",
  "American Indian or Alaska Native": "1002-5",
  "Native Hawaiian or Other Pacific Islander": "2076-8",
};
export const ethnicities = { hispanic: "2135-2", nonhispanic: "2186-5" };
export const ethnicitiesInFull = { "Hispanic or Latino": "2135-2", "Not Hispanic or Latino": "2186-5" };

/** Words for sexes that FHIR does not have. */
export const genders = {
  ...{ w: "female", W: "female", weiblich: "female", Frau: "female", femme: "female", Femme: "female" },
  ...{ mujer: "female", Mujer: "female", vrouw: "female", femmina: "female" },
  ...{ m: "male", mannlich: "male", männlich: "male", Mann: "male", homme: "male", Homme: "male" },
  ...{ hombre: "male", Hombre: "male", man: "male", maschio: "male", d: "other", divers: "other" },
};

/** How columns name code systems; what is none of these is taken for a URI. */
export const systemLabels = {
  "SNOMED-CT": "http://snomed.info/sct",
  SNOMED: "http://snomed.info/sct",
  LOINC: "http://loinc.org",
  RxNorm: "http://www.nlm.nih.gov/research/umls/rxnorm",
  RXNORM: "http://www.nlm.nih.gov/research/umls/rxnorm",
  "ICD-10-GM": "http://fhir.de/CodeSystem/bfarm/icd-10-gm",
  "ICD-10-CM": "http://hl7.org/fhir/sid/icd-10-cm",
  ICD10CM: "http://hl7.org/fhir/sid/icd-10-cm",
  ICD10: "http://hl7.org/fhir/sid/icd-10-cm",
  ICD9CM: "http://hl7.org/fhir/sid/icd-9-cm",
  CVX: "http://hl7.org/fhir/sid/cvx",
  NDC: "http://hl7.org/fhir/sid/ndc",
};

interface Measure {
  readonly code: string;
  readonly unit: string;
}

/** Columns of wide files, by their names in small letters: what they measure, and the unit where the name does not say it. */
const measures: Readonly<Record<string, Measure>> = {
  heartrate: { code: "8867-4", unit: "/min" },
  pulse: { code: "8867-4", unit: "/min" },
  respiratoryrate: { code: "9279-1", unit: "/min" },
  temperature: { code: "8310-5", unit: "Cel" },
  bodytemperature: { code: "8310-5", unit: "Cel" },
  weight: { code: "29463-7", unit: "kg" },
  bodyweight: { code: "29463-7", unit: "kg" },
  weightkg: { code: "29463-7", unit: "kg" },
  height: { code: "8302-2", unit: "cm" },
  bodyheight: { code: "8302-2", unit: "cm" },
  heightcm: { code: "8302-2", unit: "cm" },
  bmi: { code: "39156-5", unit: "kg/m2" },
  systolic: { code: "8480-6", unit: "mm[Hg]" },
  systolicbp: { code: "8480-6", unit: "mm[Hg]" },
  diastolic: { code: "8462-4", unit: "mm[Hg]" },
  diastolicbp: { code: "8462-4", unit: "mm[Hg]" },
  oxygensaturation: { code: "2708-6", unit: "%" },
  spo2: { code: "2708-6", unit: "%" },
};

/** What a column measures, by its name; a temperature above 60 is one of Fahrenheit. */
export function measureOf(key: string, range: readonly [number, number] | undefined): Measure | undefined {
  const measure = Object.hasOwn(measures, key) ? measures[key] : undefined;
  return measure?.unit === "Cel" && range !== undefined && range[0] > 60 ? { ...measure, unit: "[degF]" } : measure;
}
