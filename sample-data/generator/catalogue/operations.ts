import { type Code, snomed } from "../codes.ts";

/** Something done to or for a patient, and how many minutes it takes. */
export interface Operation {
  readonly code: Code;
  readonly minutes: number;
}

const operation = (code: string, name: string, minutes: number): Operation => ({ code: snomed(code, name), minutes });

export const operations = {
  electrocardiogram: operation("29303009", "Electrocardiographic procedure", 10),
  echocardiogram: operation("433236007", "Transthoracic echocardiography", 40),
  "coronary intervention": operation("415070008", "Percutaneous coronary intervention", 90),
  "chest X-ray": operation("399208008", "Plain chest X-ray", 15),
  "CT of head": operation("303653007", "CT of head", 20),
  spirometry: operation("127783003", "Spirometry", 20),
  "bone density scan": operation("312681000", "Bone density scan", 20),
  mammography: operation("71651007", "Mammography", 20),
  colonoscopy: operation("73761001", "Colonoscopy", 40),
  "breast biopsy": operation("122548005", "Biopsy of breast", 30),
  lumpectomy: operation("392021009", "Lumpectomy of breast", 75),
  radiotherapy: operation("33195004", "Teleradiotherapy procedure", 30),
  "colon biopsy": operation("76164006", "Biopsy of colon", 20),
  "colon resection": operation("43075005", "Partial resection of colon", 150),
  "lung biopsy": operation("432231006", "Fine needle aspiration biopsy of lung", 40),
  chemotherapy: operation("367336001", "Chemotherapy", 180),
  dialysis: operation("265764009", "Renal dialysis", 240),
  appendectomy: operation("80146002", "Appendectomy", 60),
  "bone immobilization": operation("274474001", "Bone immobilization", 30),
  "diet education": operation("11816003", "Diet education", 20),
  "cognitive therapy": operation("228557008", "Cognitive and behavioral therapy", 50),
  "dementia management": operation("386257007", "Dementia management", 30),
  "smoking cessation education": operation("225323000", "Smoking cessation education", 15),
  "depression screening": operation("171207006", "Depression screening", 10),
  "medication reconciliation": operation("430193006", "Medication Reconciliation", 10),
} satisfies Record<string, Operation>;

export type OperationName = keyof typeof operations;
