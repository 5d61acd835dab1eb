import { type Code, ndc, rxnorm } from "../codes.ts";

/** A drug as it is prescribed. */
export interface Drug {
  readonly code: Code;
  /** The same product in another code system. */
  readonly also?: Code;
  readonly directions: string;
  readonly route?: "oral" | "subcutaneous" | "intravenous";
  /** How many units are dispensed at a time, for how many days, and how often again. */
  readonly quantity: number;
  readonly days: number;
  readonly repeats: number;
}

const quarterly = { quantity: 90, days: 90, repeats: 3 };
const course = (quantity: number, days: number) => ({ quantity, days, repeats: 0 });

const daily = (code: string, name: string): Drug => {
  return { code: rxnorm(code, name), directions: "Take one by mouth once a day", route: "oral", ...quarterly };
};
const infusion = (code: string, name: string): Drug => {
  return { code: rxnorm(code, name), directions: "Infuse as the protocol says", route: "intravenous", ...course(1, 1) };
};

export const drugs = {
  lisinopril: daily("314076", "lisinopril 10 MG Oral Tablet"),
  hydrochlorothiazide: daily("310798", "hydrochlorothiazide 25 MG Oral Tablet"),
  amlodipine: daily("197361", "amlodipine 5 MG Oral Tablet"),
  simvastatin: daily("312961", "simvastatin 20 MG Oral Tablet"),
  atorvastatin: daily("259255", "atorvastatin 80 MG Oral Tablet"),
  aspirin: daily("243670", "aspirin 81 MG Oral Tablet"),
  clopidogrel: daily("309362", "clopidogrel 75 MG Oral Tablet"),
  metoprolol: daily("866414", "24 HR metoprolol succinate 100 MG Extended Release Oral Tablet [Toprol]"),
  carvedilol: daily("200033", "carvedilol 25 MG Oral Tablet"),
  furosemide: daily("313988", "furosemide 40 MG Oral Tablet"),
  spironolactone: daily("313096", "spironolactone 25 MG Oral Tablet"),
  digoxin: daily("197604", "digoxin 0.125 MG Oral Tablet"),
  warfarin: daily("855332", "warfarin sodium 5 MG Oral Tablet"),
  metformin: daily("860975", "24 HR metformin hydrochloride 500 MG Extended Release Oral Tablet"),
  canagliflozin: daily("1373463", "canagliflozin 100 MG Oral Tablet"),
  pregabalin: daily("483438", "pregabalin 100 MG Oral Capsule"),
  sertraline: daily("312938", "sertraline 100 MG Oral Tablet"),
  levothyroxine: daily("966222", "levothyroxine sodium 0.075 MG Oral Tablet"),
  omeprazole: daily("7646", "omeprazole"),
  allopurinol: daily("197319", "allopurinol 100 MG Oral Tablet"),
  alendronate: daily("904419", "alendronic acid 10 MG Oral Tablet"),
  donepezil: daily("997223", "donepezil hydrochloride 10 MG Oral Tablet"),
  tamoxifen: daily("198240", "tamoxifen 10 MG Oral Tablet"),
  cetirizine: daily("1014678", "cetirizine hydrochloride 10 MG Oral Tablet"),
  prednisone: daily("312617", "prednisone 5 MG Oral Tablet"),
  methotrexate: {
    code: rxnorm("105585", "methotrexate 2.5 MG Oral Tablet"),
    directions: "Take four by mouth once a week",
    route: "oral",
    quantity: 52,
    days: 91,
    repeats: 1,
  },
  memantine: {
    code: rxnorm("996740", "memantine hydrochloride 2 MG/ML Oral Solution"),
    directions: "Take 5 mL by mouth twice a day",
    route: "oral",
    quantity: 300,
    days: 30,
    repeats: 5,
  },
  insulin: {
    code: rxnorm("865098", "insulin lispro 100 UNT/ML Injectable Solution [Humalog]"),
    directions: "Inject before meals as taught",
    route: "subcutaneous",
    quantity: 20,
    days: 30,
    repeats: 5,
  },
  albuterol: {
    code: rxnorm("745679", "200 ACTUAT albuterol 0.09 MG/ACTUAT Metered Dose Inhaler"),
    directions: "Inhale two puffs when short of breath",
    quantity: 1,
    days: 30,
    repeats: 5,
  },
  fluticasone: {
    code: rxnorm("895994", "120 ACTUAT fluticasone propionate 0.044 MG/ACTUAT Metered Dose Inhaler"),
    directions: "Inhale two puffs twice a day",
    quantity: 1,
    days: 30,
    repeats: 5,
  },
  "fluticasone and salmeterol": {
    code: rxnorm(
      "896209",
      "60 ACTUAT fluticasone propionate 0.25 MG/ACTUAT / salmeterol 0.05 MG/ACTUAT Dry Powder Inhaler",
    ),
    directions: "Inhale one puff twice a day",
    quantity: 1,
    days: 30,
    repeats: 5,
  },
  nitroglycerin: {
    code: rxnorm("705129", "nitroglycerin 0.4 MG/ACTUAT Mucosal Spray"),
    directions: "One spray under the tongue for chest pain",
    quantity: 1,
    days: 90,
    repeats: 1,
  },
  naproxen: {
    code: rxnorm("198014", "naproxen 500 MG Oral Tablet"),
    directions: "Take one by mouth twice a day for pain",
    route: "oral",
    ...course(28, 14),
  },
  diclofenac: {
    code: rxnorm("855926", "Diclofenac Sodium 75 MG Delayed Release Oral Tablet"),
    also: ndc("00781178901", "Diclofenac Sodium 75 MG Delayed Release Oral Tablet"),
    directions: "Take one by mouth twice a day for pain",
    route: "oral",
    ...course(28, 14),
  },
  celecoxib: {
    code: ndc("00025152531", "celecoxib 200 MG Oral Capsule [Celebrex]"),
    directions: "Take one by mouth once a day for pain",
    route: "oral",
    ...course(30, 30),
  },
  acetaminophen: {
    code: rxnorm("313782", "acetaminophen 325 MG Oral Tablet"),
    directions: "Take one by mouth up to four times a day",
    route: "oral",
    ...course(20, 5),
  },
  ibuprofen: {
    code: rxnorm("310965", "ibuprofen 200 MG Oral Tablet"),
    directions: "Take one by mouth up to three times a day",
    route: "oral",
    ...course(21, 7),
  },
  amoxicillin: {
    code: rxnorm("308182", "amoxicillin 250 MG Oral Capsule"),
    directions: "Take one by mouth three times a day",
    route: "oral",
    ...course(21, 7),
  },
  "penicillin V": {
    code: rxnorm("834061", "penicillin V potassium 250 MG Oral Tablet"),
    directions: "Take one by mouth twice a day",
    route: "oral",
    ...course(20, 10),
  },
  nitrofurantoin: {
    code: rxnorm("311995", "nitrofurantoin, macrocrystals 50 MG Oral Capsule"),
    directions: "Take one by mouth four times a day",
    route: "oral",
    ...course(20, 5),
  },
  doxycycline: {
    code: rxnorm("1650142", "doxycycline monohydrate 100 MG Oral Tablet"),
    directions: "Take one by mouth twice a day",
    route: "oral",
    ...course(14, 7),
  },
  ceftriaxone: infusion("2193", "ceftriaxone"),
  oxaliplatin: infusion("1736776", "10 ML oxaliplatin 5 MG/ML Injection"),
  leucovorin: infusion("1803932", "leucovorin 100 MG Injection"),
  cisplatin: infusion("1736854", "cisplatin 50 MG Injection"),
  paclitaxel: infusion("583214", "paclitaxel 100 MG Injection"),
} satisfies Record<string, Drug>;

export type DrugName = keyof typeof drugs;
