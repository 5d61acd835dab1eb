import { type Code, snomed } from "../codes.ts";
import type { DrugName } from "./drugs.ts";
import type { LabName } from "./labs.ts";
import type { OperationName } from "./operations.ts";

/** An illness or injury that passes. */
export interface Illness {
  readonly code: Code;
  readonly icd10cm?: string;
  /** Ages in years at which it occurs. */
  readonly ages: readonly [from: number, to: number];
  /** How many a person of that age has in a year. */
  readonly perYear: number;
  /** The first year it was seen. */
  readonly since?: number;
  readonly seen: "AMB" | "VR" | "EMER" | "IMP";
  /** How many days it lasts. */
  readonly days: readonly [shortest: number, longest: number];
  readonly fever?: true;
  readonly drugs?: readonly DrugName[];
  readonly labs?: readonly LabName[];
  readonly operations?: readonly OperationName[];
}

export const illnesses: readonly Illness[] = [
  {
    code: snomed("195662009", "Acute viral pharyngitis"),
    icd10cm: "J02.9",
    ages: [1, 60],
    perYear: 0.04,
    seen: "AMB",
    days: [5, 12],
    fever: true,
  },
  {
    code: snomed("444814009", "Viral sinusitis"),
    icd10cm: "J01.90",
    ages: [6, 75],
    perYear: 0.04,
    seen: "VR",
    days: [7, 21],
  },
  {
    code: snomed("43878008", "Streptococcal sore throat"),
    icd10cm: "J02.0",
    ages: [3, 30],
    perYear: 0.04,
    seen: "AMB",
    days: [5, 12],
    fever: true,
    drugs: ["penicillin V"],
  },
  {
    code: snomed("65363002", "Otitis media"),
    icd10cm: "H66.90",
    ages: [0.5, 10],
    perYear: 0.2,
    seen: "AMB",
    days: [7, 14],
    fever: true,
    drugs: ["amoxicillin"],
  },
  {
    code: snomed("10509002", "Acute bronchitis"),
    icd10cm: "J20.9",
    ages: [10, 80],
    perYear: 0.04,
    seen: "AMB",
    days: [7, 21],
    drugs: ["acetaminophen"],
  },
  {
    code: snomed("68566005", "Urinary tract infectious disease"),
    icd10cm: "N39.0",
    ages: [16, 80],
    perYear: 0.04,
    seen: "AMB",
    days: [5, 14],
    drugs: ["nitrofurantoin"],
    labs: ["urine color", "urine nitrite"],
  },
  {
    code: snomed("25374005", "Gastroenteritis"),
    icd10cm: "K52.9",
    ages: [1, 80],
    perYear: 0.04,
    seen: "EMER",
    days: [2, 6],
    labs: ["sodium", "potassium"],
  },
  {
    code: snomed("44465007", "Sprain of ankle"),
    icd10cm: "S93.409A",
    ages: [8, 60],
    perYear: 0.03,
    seen: "EMER",
    days: [14, 35],
    drugs: ["ibuprofen"],
  },
  {
    code: snomed("65966004", "Fracture of forearm"),
    icd10cm: "S52.90XA",
    ages: [5, 80],
    perYear: 0.01,
    seen: "EMER",
    days: [40, 75],
    drugs: ["ibuprofen"],
    operations: ["bone immobilization"],
  },
  {
    code: snomed("62106007", "Concussion with no loss of consciousness"),
    icd10cm: "S06.0X0A",
    ages: [8, 75],
    perYear: 0.008,
    seen: "EMER",
    days: [10, 30],
    operations: ["CT of head"],
  },
  {
    code: snomed("40275004", "Contact dermatitis"),
    icd10cm: "L25.9",
    ages: [1, 70],
    perYear: 0.03,
    seen: "VR",
    days: [7, 30],
  },
  {
    code: snomed("840539006", "COVID-19"),
    icd10cm: "U07.1",
    ages: [1, 80],
    perYear: 0.05,
    since: 2020,
    seen: "AMB",
    days: [7, 21],
    fever: true,
    drugs: ["acetaminophen"],
  },
  {
    code: snomed("233604007", "Pneumonia"),
    icd10cm: "J18.9",
    ages: [40, 80],
    perYear: 0.015,
    seen: "IMP",
    days: [14, 30],
    fever: true,
    drugs: ["ceftriaxone", "doxycycline"],
    labs: ["leukocytes", "crp", "creatinine"],
    operations: ["chest X-ray"],
  },
  {
    code: snomed("74474003", "Gastrointestinal hemorrhage"),
    icd10cm: "K92.2",
    ages: [45, 80],
    perYear: 0.006,
    seen: "IMP",
    days: [5, 14],
    drugs: ["omeprazole"],
    labs: ["hemoglobin", "platelets", "inr"],
  },
  {
    code: snomed("74400008", "Appendicitis"),
    icd10cm: "K37",
    ages: [8, 50],
    perYear: 0.003,
    seen: "IMP",
    days: [5, 14],
    fever: true,
    labs: ["leukocytes", "crp"],
    operations: ["appendectomy"],
  },
  {
    code: snomed("132281000119108", "Acute deep venous thrombosis"),
    icd10cm: "I82.409",
    ages: [30, 80],
    perYear: 0.004,
    seen: "EMER",
    days: [60, 120],
    drugs: ["warfarin"],
    labs: ["inr", "platelets"],
  },
];
