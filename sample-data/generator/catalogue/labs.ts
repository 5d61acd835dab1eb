import { type Code, loinc } from "../codes.ts";
import type { DiseaseName } from "./diseases.ts";

/** A mean and a standard deviation. */
type Spread = readonly [mean: number, deviation: number];

/** A laboratory result, or a score, with a number. */
export interface NumericLab {
  readonly code: Code;
  /** Default: laboratory. */
  readonly category?: "survey";
  /** The code used before a given year, where laboratories changed it. */
  readonly before?: { readonly year: number; readonly code: Code };
  /** UCUM. */
  readonly unit: string;
  readonly decimals: number;
  readonly range?: { readonly low?: number; readonly high?: number };
  readonly usual: Spread;
  /** Values of patients with a disease; the first that applies counts. */
  readonly changedBy?: Partial<Record<DiseaseName, Spread>>;
  /** The laboratory reports no number beyond these, only "<" or ">" and the limit. */
  readonly limits?: { readonly below?: number; readonly above?: number };
}

/** A result in words. */
export interface TextLab {
  readonly code: Code;
  readonly texts: readonly string[];
  readonly interpretation?: Readonly<Record<string, "POS" | "NEG">>;
}

export type Lab = NumericLab | TextLab;

const eGfrName = "Glomerular filtration rate/1.73 sq M.predicted [Volume Rate/Area] in";

export const labs = {
  hba1c: {
    code: loinc("4548-4", "Hemoglobin A1c/Hemoglobin.total in Blood"),
    unit: "%",
    decimals: 1,
    range: { low: 4, high: 5.6 },
    usual: [5.2, 0.2],
    changedBy: { diabetes: [7.6, 1], prediabetes: [6, 0.2] },
  },
  glucose: {
    code: loinc("2345-7", "Glucose [Mass/volume] in Serum or Plasma"),
    unit: "mg/dL",
    decimals: 0,
    range: { low: 70, high: 99 },
    usual: [88, 6],
    changedBy: { diabetes: [165, 35], prediabetes: [110, 7] },
  },
  microalbumin: {
    code: loinc("14959-1", "Microalbumin/Creatinine [Mass Ratio] in Urine"),
    unit: "mg/g",
    decimals: 1,
    range: { high: 30 },
    usual: [12, 4],
    changedBy: { "diabetic kidney disease": [190, 55] },
  },
  creatinine: {
    code: loinc("2160-0", "Creatinine [Mass/volume] in Serum or Plasma"),
    unit: "mg/dL",
    decimals: 2,
    range: { low: 0.6, high: 1.3 },
    usual: [0.9, 0.12],
    changedBy: {
      "end-stage renal disease": [6.2, 1],
      "kidney disease stage 4": [2.7, 0.3],
      "kidney disease stage 3": [1.6, 0.15],
    },
  },
  egfr: {
    code: loinc("77147-7", `${eGfrName} Serum, Plasma or Blood by Creatinine-based formula (MDRD)`),
    before: {
      year: 2020,
      code: loinc("33914-3", `${eGfrName} Serum or Plasma by Creatinine-based formula (MDRD)`),
    },
    unit: "mL/min/{1.73_m2}",
    decimals: 0,
    range: { low: 60 },
    usual: [88, 10],
    changedBy: {
      "end-stage renal disease": [10, 1.2],
      "kidney disease stage 4": [22, 2],
      "kidney disease stage 3": [45, 4],
    },
    limits: { above: 60 },
  },
  "urea nitrogen": {
    code: loinc("3094-0", "Urea nitrogen [Mass/volume] in Serum or Plasma"),
    unit: "mg/dL",
    decimals: 0,
    range: { low: 7, high: 20 },
    usual: [14, 2],
    changedBy: {
      "end-stage renal disease": [65, 10],
      "kidney disease stage 4": [42, 6],
      "kidney disease stage 3": [26, 3],
    },
  },
  sodium: {
    code: loinc("2951-2", "Sodium [Moles/volume] in Serum or Plasma"),
    unit: "mmol/L",
    decimals: 0,
    range: { low: 135, high: 145 },
    usual: [140, 2],
  },
  potassium: {
    code: loinc("2823-3", "Potassium [Moles/volume] in Serum or Plasma"),
    unit: "mmol/L",
    decimals: 1,
    range: { low: 3.5, high: 5.1 },
    usual: [4.2, 0.3],
    changedBy: { "end-stage renal disease": [5.3, 0.3] },
  },
  cholesterol: {
    code: loinc("2093-3", "Cholesterol [Mass/volume] in Serum or Plasma"),
    unit: "mg/dL",
    decimals: 0,
    range: { high: 200 },
    usual: [178, 15],
    changedBy: { hyperlipidemia: [225, 20] },
  },
  ldl: {
    code: loinc("18262-6", "Cholesterol in LDL [Mass/volume] in Serum or Plasma by Direct assay"),
    unit: "mg/dL",
    decimals: 0,
    range: { high: 130 },
    usual: [104, 12],
    changedBy: { hyperlipidemia: [148, 18] },
  },
  hdl: {
    code: loinc("2085-9", "Cholesterol in HDL [Mass/volume] in Serum or Plasma"),
    unit: "mg/dL",
    decimals: 0,
    range: { low: 40 },
    usual: [54, 7],
    changedBy: { hyperlipidemia: [44, 6] },
  },
  triglyceride: {
    code: loinc("2571-8", "Triglyceride [Mass/volume] in Serum or Plasma"),
    unit: "mg/dL",
    decimals: 0,
    range: { high: 150 },
    usual: [110, 18],
    changedBy: { hyperlipidemia: [175, 30] },
  },
  hemoglobin: {
    code: loinc("718-7", "Hemoglobin [Mass/volume] in Blood"),
    unit: "g/dL",
    decimals: 1,
    range: { low: 12, high: 17 },
    usual: [14.1, 0.8],
    changedBy: {
      "end-stage renal disease": [9.8, 0.6],
      "colon cancer": [10.6, 0.8],
      "kidney disease stage 4": [11, 0.7],
      "lung cancer": [11.6, 0.8],
    },
  },
  leukocytes: {
    code: loinc("6690-2", "Leukocytes [#/volume] in Blood by Automated count"),
    unit: "10*3/uL",
    decimals: 1,
    range: { low: 4, high: 11 },
    usual: [7.8, 1.6],
  },
  platelets: {
    code: loinc("777-3", "Platelets [#/volume] in Blood by Automated count"),
    unit: "10*3/uL",
    decimals: 0,
    range: { low: 150, high: 400 },
    usual: [255, 40],
  },
  alt: {
    code: loinc("1742-6", "Alanine aminotransferase [Enzymatic activity/volume] in Serum or Plasma"),
    unit: "U/L",
    decimals: 0,
    range: { low: 7, high: 56 },
    usual: [27, 6],
  },
  crp: {
    code: loinc("1988-5", "C reactive protein [Mass/volume] in Serum or Plasma"),
    unit: "mg/L",
    decimals: 0,
    range: { high: 10 },
    usual: [45, 20],
    changedBy: { "rheumatoid arthritis": [14, 5] },
    limits: { below: 5 },
  },
  troponin: {
    code: loinc("89579-7", "Troponin I.cardiac [Mass/volume] in Serum or Plasma by High sensitivity method"),
    unit: "pg/mL",
    decimals: 0,
    range: { high: 20 },
    usual: [2600, 900],
  },
  "nt-probnp": {
    code: loinc("33762-6", "Natriuretic peptide.B prohormone N-Terminal [Mass/volume] in Serum or Plasma"),
    unit: "pg/mL",
    decimals: 0,
    range: { high: 125 },
    usual: [1900, 600],
  },
  "ejection fraction": {
    code: loinc("10230-1", "Left ventricular Ejection fraction"),
    unit: "%",
    decimals: 0,
    range: { low: 50 },
    usual: [38, 5],
  },
  "fev1 over fvc": {
    code: loinc("19926-5", "FEV1/FVC"),
    unit: "%",
    decimals: 0,
    range: { low: 70 },
    usual: [58, 5],
  },
  tsh: {
    code: loinc("3016-3", "Thyrotropin [Units/volume] in Serum or Plasma"),
    unit: "m[IU]/L",
    decimals: 2,
    range: { low: 0.4, high: 4.5 },
    usual: [3.4, 0.9],
  },
  inr: {
    code: loinc("6301-6", "INR in Platelet poor plasma by Coagulation assay"),
    unit: "{INR}",
    decimals: 1,
    usual: [1.1, 0.1],
    changedBy: { "atrial fibrillation": [2.5, 0.4] },
  },
  pain: {
    code: loinc("72514-3", "Pain severity - 0-10 verbal numeric rating [Score] - Reported"),
    category: "survey",
    unit: "{score}",
    decimals: 0,
    usual: [5, 1.3],
  },
  "mental state": {
    code: loinc("72106-8", "Total score [MMSE]"),
    category: "survey",
    unit: "{score}",
    decimals: 0,
    usual: [20, 2.5],
  },
  "urine color": {
    code: loinc("5778-6", "Color of Urine"),
    texts: ["Yellow", "Dark yellow", "Cloudy yellow"],
  },
  "urine nitrite": {
    code: loinc("5802-4", "Nitrite [Presence] in Urine by Test strip"),
    texts: ["Positive", "Negative"],
    interpretation: { Positive: "POS", Negative: "NEG" },
  },
} satisfies Record<string, Lab>;

export type LabName = keyof typeof labs;
