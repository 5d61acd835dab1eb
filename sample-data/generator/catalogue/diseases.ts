import { type Code, snomed } from "../codes.ts";
import type { DrugName } from "./drugs.ts";
import type { LabName } from "./labs.ts";
import type { OperationName } from "./operations.ts";

export type DiseaseName =
  | "hypertension"
  | "hyperlipidemia"
  | "obesity"
  | "prediabetes"
  | "diabetes"
  | "diabetic neuropathy"
  | "diabetic retinopathy"
  | "diabetic kidney disease"
  | "asthma"
  | "allergic rhinitis"
  | "depression"
  | "hypothyroidism"
  | "reflux"
  | "low back pain"
  | "knee osteoarthritis"
  | "rheumatoid arthritis"
  | "osteoporosis"
  | "gout"
  | "bronchitis with emphysema"
  | "coronary disease"
  | "myocardial infarction"
  | "atrial fibrillation"
  | "heart failure"
  | "stroke"
  | "kidney disease stage 3"
  | "kidney disease stage 4"
  | "end-stage renal disease"
  | "Alzheimer's disease"
  | "breast cancer"
  | "colon cancer"
  | "colon metastasis"
  | "lung cancer";

/** A disease that stays. Figures are of the right order, so that lives look plausible; they are no epidemiology. */
export interface Disease {
  readonly code: Code;
  /** The ICD-10-CM code written beside the SNOMED code by some of the visits. */
  readonly icd10cm?: string;
  /** Age in years from which it occurs, and from which the whole risk holds. */
  readonly ages: readonly [from: number, full: number];
  /** The share of people who have it at the full age; of those with `after`, where that is given. */
  readonly risk: number;
  readonly sex?: "male" | "female";
  /** It comes only after this disease. */
  readonly after?: DiseaseName;
  /** It ends this disease: the next stage of the same. */
  readonly replaces?: DiseaseName;
  /** Factors on the risk. */
  readonly raisedBy?: Partial<Record<DiseaseName | "smoking", number>>;
  /** Where it is found. Default: a visit to the practice. */
  readonly found?: "EMER" | "IMP";
  /** The share who die of it within the years looked at. */
  readonly lethality?: number;
  /** The attack itself is over after so many days, though its treatment goes on. */
  readonly days?: number;
  /** The first is prescribed to everybody, each other one to some. */
  readonly drugs?: readonly DrugName[];
  /** Measured when it is found and at every follow-up. */
  readonly labs?: readonly LabName[];
  /** Measured when it is found. */
  readonly firstLabs?: readonly LabName[];
  /** Done when it is found. */
  readonly operations?: readonly OperationName[];
}

/** In the order in which they are drawn: what raises a risk stands before what it raises. */
export const diseases: Readonly<Record<DiseaseName, Disease>> = {
  obesity: { code: snomed("162864005", "Body mass index 30+ - obesity"), icd10cm: "E66.9", ages: [12, 50], risk: 0.22 },
  hypertension: {
    code: snomed("59621000", "Essential hypertension"),
    icd10cm: "I10",
    ages: [30, 75],
    risk: 0.55,
    raisedBy: { obesity: 1.4 },
    drugs: ["lisinopril", "hydrochlorothiazide", "amlodipine"],
    labs: ["sodium", "potassium", "creatinine"],
  },
  hyperlipidemia: {
    code: snomed("55822004", "Hyperlipidemia"),
    icd10cm: "E78.5",
    ages: [30, 70],
    risk: 0.36,
    raisedBy: { obesity: 1.3 },
    drugs: ["simvastatin"],
    labs: ["cholesterol", "ldl", "hdl", "triglyceride"],
  },
  prediabetes: {
    code: snomed("15777000", "Prediabetes"),
    icd10cm: "R73.03",
    ages: [30, 70],
    risk: 0.22,
    raisedBy: { obesity: 1.6 },
    labs: ["hba1c", "glucose"],
    operations: ["diet education"],
  },
  diabetes: {
    code: snomed("44054006", "Type 2 diabetes mellitus"),
    icd10cm: "E11.9",
    ages: [35, 62],
    risk: 0.28,
    replaces: "prediabetes",
    raisedBy: { obesity: 1.8, hypertension: 1.3 },
    drugs: ["metformin", "canagliflozin", "insulin"],
    labs: ["hba1c", "glucose", "microalbumin", "egfr"],
    operations: ["diet education"],
  },
  "diabetic neuropathy": {
    code: snomed("368581000119106", "Neuropathy due to type 2 diabetes mellitus"),
    icd10cm: "E11.40",
    ages: [38, 60],
    risk: 0.35,
    after: "diabetes",
    drugs: ["pregabalin"],
  },
  "diabetic retinopathy": {
    code: snomed("422034002", "Retinopathy due to type 2 diabetes mellitus"),
    icd10cm: "E11.319",
    ages: [38, 60],
    risk: 0.3,
    after: "diabetes",
  },
  "diabetic kidney disease": {
    code: snomed("127013003", "Disorder of kidney due to diabetes mellitus"),
    icd10cm: "E11.22",
    ages: [38, 60],
    risk: 0.5,
    after: "diabetes",
    labs: ["creatinine", "egfr", "microalbumin"],
  },
  asthma: {
    code: snomed("195967001", "Asthma"),
    icd10cm: "J45.909",
    ages: [2, 14],
    risk: 0.1,
    drugs: ["albuterol", "fluticasone"],
  },
  "allergic rhinitis": {
    code: snomed("367498001", "Seasonal allergic rhinitis"),
    icd10cm: "J30.2",
    ages: [4, 25],
    risk: 0.1,
    drugs: ["cetirizine"],
  },
  depression: {
    code: snomed("370143000", "Major depressive disorder"),
    icd10cm: "F32.9",
    ages: [13, 40],
    risk: 0.15,
    drugs: ["sertraline"],
    operations: ["cognitive therapy"],
  },
  hypothyroidism: {
    code: snomed("40930008", "Hypothyroidism"),
    icd10cm: "E03.9",
    ages: [20, 70],
    risk: 0.1,
    drugs: ["levothyroxine"],
    labs: ["tsh"],
  },
  reflux: {
    code: snomed("235595009", "Gastroesophageal reflux disease"),
    icd10cm: "K21.9",
    ages: [20, 60],
    risk: 0.15,
    drugs: ["omeprazole"],
  },
  "low back pain": {
    code: snomed("278860009", "Chronic low back pain"),
    ages: [20, 55],
    risk: 0.12,
    drugs: ["naproxen"],
    labs: ["pain"],
  },
  "knee osteoarthritis": {
    code: snomed("239873007", "Osteoarthritis of knee"),
    icd10cm: "M17.9",
    ages: [45, 75],
    risk: 0.3,
    raisedBy: { obesity: 1.5 },
    drugs: ["acetaminophen", "diclofenac"],
    labs: ["pain"],
  },
  "rheumatoid arthritis": {
    code: snomed("69896004", "Rheumatoid arthritis"),
    icd10cm: "M06.9",
    ages: [30, 70],
    risk: 0.03,
    drugs: ["methotrexate", "prednisone"],
    labs: ["crp", "hemoglobin"],
  },
  osteoporosis: {
    code: snomed("64859006", "Osteoporosis"),
    icd10cm: "M81.0",
    ages: [55, 80],
    risk: 0.35,
    sex: "female",
    drugs: ["alendronate"],
    operations: ["bone density scan"],
  },
  gout: { code: snomed("90560007", "Gout"), icd10cm: "M10.9", ages: [40, 75], risk: 0.08, drugs: ["allopurinol"] },
  "bronchitis with emphysema": {
    code: snomed("185086009", "Emphysematous bronchitis"),
    icd10cm: "J44.9",
    ages: [40, 68],
    risk: 0.16,
    raisedBy: { smoking: 3.5 },
    lethality: 0.12,
    drugs: ["fluticasone and salmeterol", "albuterol"],
    firstLabs: ["fev1 over fvc"],
    operations: ["spirometry", "chest X-ray"],
  },
  "coronary disease": {
    code: snomed("53741008", "Coronary arteriosclerosis"),
    icd10cm: "I25.10",
    ages: [45, 75],
    risk: 0.2,
    raisedBy: { smoking: 1.6, hyperlipidemia: 1.3, diabetes: 1.5 },
    drugs: ["aspirin", "nitroglycerin", "atorvastatin"],
    operations: ["electrocardiogram"],
  },
  "myocardial infarction": {
    code: snomed("22298006", "Myocardial infarction"),
    icd10cm: "I21.9",
    ages: [45, 75],
    risk: 0.08,
    raisedBy: { smoking: 1.5, "coronary disease": 3 },
    found: "IMP",
    lethality: 0.15,
    drugs: ["clopidogrel", "atorvastatin", "metoprolol"],
    days: 28,
    firstLabs: ["troponin"],
    operations: ["electrocardiogram", "coronary intervention"],
  },
  "atrial fibrillation": {
    code: snomed("49436004", "Atrial fibrillation"),
    icd10cm: "I48.91",
    ages: [55, 80],
    risk: 0.12,
    raisedBy: { hypertension: 1.4 },
    drugs: ["warfarin", "digoxin"],
    labs: ["inr"],
    operations: ["electrocardiogram"],
  },
  "heart failure": {
    code: snomed("84114007", "Heart failure"),
    icd10cm: "I50.9",
    ages: [48, 72],
    risk: 0.18,
    raisedBy: { hypertension: 1.3, "myocardial infarction": 3, "coronary disease": 1.5 },
    found: "IMP",
    lethality: 0.25,
    drugs: ["furosemide", "carvedilol", "spironolactone"],
    labs: ["nt-probnp", "potassium"],
    firstLabs: ["ejection fraction"],
    operations: ["echocardiogram", "chest X-ray"],
  },
  stroke: {
    code: snomed("230690007", "Cerebrovascular accident"),
    icd10cm: "I63.9",
    ages: [48, 72],
    risk: 0.14,
    raisedBy: { hypertension: 1.3, "atrial fibrillation": 2, smoking: 1.4 },
    found: "IMP",
    lethality: 0.18,
    days: 30,
    drugs: ["aspirin", "atorvastatin"],
    operations: ["CT of head"],
  },
  "kidney disease stage 3": {
    code: snomed("433144002", "Chronic kidney disease stage 3"),
    icd10cm: "N18.30",
    ages: [48, 72],
    risk: 0.22,
    raisedBy: { hypertension: 1.4, diabetes: 1.8 },
    labs: ["creatinine", "egfr", "urea nitrogen", "hemoglobin"],
  },
  "kidney disease stage 4": {
    code: snomed("431857002", "Chronic kidney disease stage 4"),
    icd10cm: "N18.4",
    ages: [48, 60],
    risk: 0.4,
    after: "kidney disease stage 3",
    replaces: "kidney disease stage 3",
    lethality: 0.1,
    labs: ["creatinine", "egfr", "urea nitrogen", "hemoglobin", "potassium"],
  },
  "end-stage renal disease": {
    code: snomed("46177005", "End-stage renal disease"),
    icd10cm: "N18.6",
    ages: [48, 60],
    risk: 0.4,
    after: "kidney disease stage 4",
    replaces: "kidney disease stage 4",
    found: "IMP",
    lethality: 0.4,
    labs: ["creatinine", "egfr", "urea nitrogen", "hemoglobin", "potassium"],
    operations: ["dialysis"],
  },
  "Alzheimer's disease": {
    code: snomed("26929004", "Alzheimer's disease"),
    icd10cm: "G30.9",
    ages: [60, 74],
    risk: 0.35,
    lethality: 0.2,
    drugs: ["donepezil", "memantine"],
    labs: ["mental state"],
    operations: ["dementia management"],
  },
  "breast cancer": {
    code: snomed("254837009", "Malignant tumor of breast"),
    icd10cm: "C50.919",
    ages: [38, 68],
    risk: 0.2,
    sex: "female",
    lethality: 0.15,
    drugs: ["tamoxifen"],
    labs: ["hemoglobin", "leukocytes", "platelets"],
    operations: ["breast biopsy", "lumpectomy", "radiotherapy"],
  },
  "colon cancer": {
    code: snomed("363406005", "Malignant tumor of colon"),
    icd10cm: "C18.9",
    ages: [45, 70],
    risk: 0.14,
    found: "IMP",
    lethality: 0.25,
    drugs: ["oxaliplatin", "leucovorin"],
    labs: ["hemoglobin", "leukocytes", "platelets", "alt"],
    operations: ["colon biopsy", "colon resection", "chemotherapy"],
  },
  "colon metastasis": {
    code: snomed("94260004", "Secondary malignant neoplasm of colon"),
    icd10cm: "C78.5",
    ages: [45, 75],
    risk: 0.2,
    after: "colon cancer",
    lethality: 0.6,
    labs: ["hemoglobin"],
  },
  "lung cancer": {
    code: snomed("254637007", "Non-small cell lung cancer"),
    icd10cm: "C34.90",
    ages: [50, 75],
    risk: 0.04,
    raisedBy: { smoking: 5 },
    lethality: 0.5,
    drugs: ["cisplatin", "paclitaxel"],
    labs: ["hemoglobin", "leukocytes", "platelets"],
    operations: ["chest X-ray", "lung biopsy", "chemotherapy"],
  },
};
