import { literal } from "../../warehouse/sql-text.ts";

/** A code system as its codes are recognised. */
interface CodeShape {
  readonly vocabulary: string;
  readonly system: string;
  /** What its codes look like. */
  readonly shape: string;
  /** Names of columns or files, in small letters, without which the shape says too little. */
  readonly named?: RegExp;
  /** Names of columns that say it alone, whatever the shape. */
  readonly column: RegExp;
}

/**
 * Sources of the shapes: LOINC (digits, a hyphen, a check digit), SNOMED CT (the two digits before the check digit of a
 * concept are 00 or 10), ICD-10-CM and ICD-9-CM (their guidelines), ATC, NDC, HCPCS.
 */
export const codeShapes: readonly CodeShape[] = [
  { vocabulary: "LOINC", system: "http://loinc.org", shape: "\\d{1,5}-\\d", column: /loinc/ },
  {
    vocabulary: "SNOMED",
    system: "http://snomed.info/sct",
    shape: "[1-9]\\d{2,14}[01]0\\d",
    column: /snomed|sctid|conceptid/,
  },
  {
    vocabulary: "ICD10CM",
    system: "http://hl7.org/fhir/sid/icd-10-cm",
    shape: "[A-TV-Z]\\d[0-9A-Z](\\.[0-9A-Z]{1,4})?",
    column: /icd10/,
  },
  {
    vocabulary: "ICD10GM",
    system: "http://fhir.de/CodeSystem/bfarm/icd-10-gm",
    shape: "[A-Z]\\d\\d(\\.[0-9-]{1,2})?[+*!]?",
    named: /icd10gm|diagnosen|diagnosekode|schlussel/,
    column: /icd10gm|diagnosekode|diagnoseschlussel/,
  },
  {
    vocabulary: "ICD9CM",
    system: "http://hl7.org/fhir/sid/icd-9-cm",
    shape: "(\\d{3}|V\\d{2})\\.\\d{1,2}|E\\d{3}(\\.\\d)?",
    column: /icd9/,
  },
  { vocabulary: "ATC", system: "http://www.whocc.no/atc", shape: "[A-V]\\d{2}[A-Z]{2}\\d{2}", column: /^atc/ },
  { vocabulary: "NDC", system: "http://hl7.org/fhir/sid/ndc", shape: "\\d{4,5}-\\d{3,4}-\\d{1,2}", column: /^ndc/ },
  {
    vocabulary: "RxNorm",
    system: "http://www.nlm.nih.gov/research/umls/rxnorm",
    shape: "[1-9]\\d{1,6}",
    named: /med|drug|prescri|refill|dispens/,
    column: /rxnorm|^rxn|rxcui/,
  },
  {
    vocabulary: "CVX",
    system: "http://hl7.org/fhir/sid/cvx",
    shape: "\\d{1,3}",
    named: /immuni|vacc/,
    column: /cvx/,
  },
];

/** The part `shapes` of `looks.sql`. */
export const shapeCounts: string = codeShapes
  .map(
    ({ vocabulary, shape }) =>
      `{'vocabulary': ${literal(vocabulary)}, 'fits': coalesce(sum(rows) filter (length(text) < 20 and regexp_full_match(text, ${literal(shape)})), 0)}`,
  )
  .join(",\n    ");

/** A code system that a column may hold. */
export interface LikelyCodeSystem {
  /** Its vocabulary_id in OMOP. */
  readonly vocabulary: string;
  readonly system: string;
  /** The share of the column's values that look like its codes. */
  readonly shape: number;
  /** With a vocabulary: the share of the column's different values that are found in it. */
  readonly found?: number | undefined;
}

const enoughLookLike = 0.8;
const enoughAreFound = 0.5;

interface Evidence {
  /** The names of column and file, without case and separators. */
  readonly column: string;
  readonly file: string;
  readonly shapeOf: (vocabulary: string) => number;
  readonly foundOf: ((vocabulary: string) => number) | undefined;
}

/** The code systems that a column may hold, the likeliest first. */
export function likelyCodeSystems({ column, file, shapeOf, foundOf }: Evidence): LikelyCodeSystem[] {
  return codeShapes
    .map(({ vocabulary, system, named, column: ownName }) => {
      const shape = shapeOf(vocabulary);
      const found = foundOf?.(vocabulary);
      const isNamed = ownName.test(column);
      const speaks = isNamed || named === undefined || (isCodeName(column) && (named.test(column) || named.test(file)));
      const likely = (found ?? 0) >= enoughAreFound || (speaks && shape >= enoughLookLike);
      return { vocabulary, system, shape, found, likely, weight: (isNamed ? 2 : 0) + (found ?? 0) + shape / 10 };
    })
    .filter(({ likely }) => likely)
    .sort((a, b) => b.weight - a.weight)
    .map(({ likely: _likely, weight: _weight, ...system }) => system);
}

/** Whether a column is named like one of codes. */
export function isCodeName(column: string): boolean {
  return (
    /code|kode$|schlussel|codigo|codice|^icd|^(rx|dx|px|diagnosis|diag)\d*$/.test(column) ||
    codeShapes.some((shape) => shape.column.test(column))
  );
}
