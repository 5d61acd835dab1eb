// From codes to concepts. Each code is resolved once, however many records carry it.

import type { CodeableConcept, Coding } from "fhir/r4.d.ts";
import type { TableName } from "./tables.ts";
import type { Concept, Vocabulary } from "./vocabulary.ts";

export type Role =
  | "condition"
  | "procedure"
  | "observation"
  | "drug"
  | "vaccine"
  | "value"
  | "unit"
  | "route"
  | "visit";

/** What a code became. */
export interface Resolved {
  readonly role: Role;
  readonly coding: Coding | undefined;
  readonly vocabulary: string | undefined;
  readonly sourceValue: string | null;
  readonly sourceConcept: number;
  /** That of the first target. */
  readonly concept: number;
  /** One that leads nowhere has one target, concept 0. */
  readonly targets: readonly { readonly concept: number; readonly tables: readonly TableName[] | undefined }[];
  readonly value: number | null;
  /** How many rows used it. */
  records: number;
}

const vocabularies: Readonly<Record<string, string>> = {
  "http://snomed.info/sct": "SNOMED",
  "http://loinc.org": "LOINC",
  "http://www.nlm.nih.gov/research/umls/rxnorm": "RxNorm",
  "http://hl7.org/fhir/sid/cvx": "CVX",
  "http://hl7.org/fhir/sid/icd-10-cm": "ICD10CM",
  "http://hl7.org/fhir/sid/icd-10": "ICD10",
  "http://hl7.org/fhir/sid/ndc": "NDC",
  "http://unitsofmeasure.org": "UCUM",
};

const preferred: Readonly<Record<Role, readonly string[]>> = {
  condition: ["SNOMED", "ICD10CM", "ICD10"],
  procedure: ["SNOMED"],
  observation: ["LOINC", "SNOMED"],
  drug: ["RxNorm", "NDC", "SNOMED"],
  vaccine: ["CVX", "RxNorm", "NDC"],
  value: ["LOINC", "SNOMED"],
  unit: ["UCUM"],
  route: ["SNOMED"],
  visit: ["SNOMED"],
};

/** Fields that hold one concept, of one domain. */
const onlyDomain: Partial<Record<Role, string>> = { unit: "Unit", route: "Route", visit: "Visit" };
const severalTargets: ReadonlySet<Role> = new Set(["condition", "procedure", "observation", "drug", "vaccine"]);

/** Units that OMOP spells otherwise. */
const unitSpellings: Readonly<Record<string, string>> = {
  "U/L": "[U]/L",
  "{score}": "[score]",
  "mL/min/{1.73_m2}": "mL/min/(173.10*-2.m2)",
  "m[IU]/L": "10*-3.[iU]/L",
};

const tableOfDomain: Readonly<Record<string, TableName>> = {
  Condition: "condition_occurrence",
  Drug: "drug_exposure",
  Procedure: "procedure_occurrence",
  Measurement: "measurement",
  Meas: "measurement",
  Device: "device_exposure",
};

export interface Codes {
  readonly resolve: (role: Role, code: CodeableConcept | undefined) => Resolved | undefined;
  readonly all: () => Iterable<Resolved>;
}

export function createCodes(vocabulary: Vocabulary): Codes {
  const known = new Map<string, Resolved>();
  return {
    resolve(role, code) {
      if (code === undefined || (!code.coding?.length && !code.text)) return undefined;
      const key = keyOf(role, code);
      let resolved = known.get(key);
      if (resolved === undefined) {
        resolved = resolve(vocabulary, role, code);
        known.set(key, resolved);
      }
      return resolved;
    },
    all: () => known.values(),
  };
}

function keyOf(role: Role, { coding, text }: CodeableConcept): string {
  let key = `${role}|${text ?? ""}`;
  for (const { system, code, display } of coding ?? []) key += `|${system}|${code}|${display}`;
  return key;
}

function resolve(vocabulary: Vocabulary, role: Role, { coding, text }: CodeableConcept): Resolved {
  const candidates = (coding ?? []).map((coding) => {
    const name = vocabularies[coding.system ?? ""];
    const spelling = role === "unit" ? (unitSpellings[coding.code ?? ""] ?? coding.code) : coding.code?.trim();
    const concept = name === undefined ? undefined : vocabulary.byCode.get(`${name}|${spelling}`);
    const position = name === undefined ? -1 : preferred[role].indexOf(name);
    return {
      coding,
      vocabulary: name,
      concept,
      targets: targetsOf(vocabulary, role, concept),
      priority: position < 0 ? 100 : position,
    };
  });
  // One that leads somewhere, then one that the vocabulary has, then the preferred vocabulary, the user's own choice, the first.
  candidates.sort(
    (a, b) =>
      Number(a.targets.length === 0) - Number(b.targets.length === 0) ||
      Number(a.concept === undefined) - Number(b.concept === undefined) ||
      Number(!a.coding.code) - Number(!b.coding.code) ||
      a.priority - b.priority ||
      Number(b.coding.userSelected ?? false) - Number(a.coding.userSelected ?? false),
  );
  const chosen = candidates[0];
  const targets = chosen?.targets ?? [];
  const values = vocabulary.mapsToValue.get(chosen?.concept?.id ?? 0);
  return {
    role,
    coding: chosen?.coding,
    vocabulary: chosen?.vocabulary,
    sourceValue: chosen?.coding.code?.trim() || text?.trim() || chosen?.coding.display?.trim() || null,
    sourceConcept: chosen?.concept?.id ?? 0,
    concept: targets[0]?.id ?? 0,
    targets:
      targets.length === 0
        ? [{ concept: 0, tables: undefined }]
        : targets.map(({ id, domain }) => ({ concept: id, tables: tablesOf(role, domain) })),
    value: values === undefined ? null : Math.min(...values),
    records: 0,
  };
}

function targetsOf(vocabulary: Vocabulary, role: Role, concept: Concept | undefined): Concept[] {
  if (concept === undefined) return [];
  const ids = vocabulary.mapsTo.get(concept.id) ?? vocabulary.replacedBy.get(concept.id) ?? [];
  const itself = concept.standard ? [concept.id] : [];
  const targets = [...new Set([...ids, ...itself])]
    .map((id) => vocabulary.byId.get(id))
    .filter((target) => target?.standard && (onlyDomain[role] ?? target.domain) === target.domain)
    .sort((a, b) => a!.id - b!.id) as Concept[];
  return severalTargets.has(role) ? targets : targets.slice(0, 1);
}

/** A compound domain leads to one of several tables. */
function tablesOf(role: Role, domain: string): TableName[] {
  if (role === "observation" && domain === "Meas Value") return ["measurement"];
  return domain.split("/").map((part) => tableOfDomain[part] ?? "observation");
}
