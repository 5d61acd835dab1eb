import { loinc, snomed } from "../codes.ts";

/** Encounter types by what the visit is for. */
export const encounterTypes = {
  checkUp: snomed("185349003", "Encounter for check up"),
  childCheckUp: snomed("410620009", "Well child visit"),
  problem: snomed("185347001", "Encounter for problem"),
  followUp: snomed("390906007", "Follow-up encounter"),
  telemedicine: snomed("448337001", "Telemedicine consultation with patient"),
  emergency: snomed("50849002", "Emergency room admission"),
  hospital: snomed("183452005", "Emergency hospital admission"),
} as const;

/** Codes of what is measured at the bedside. */
export const vitalSigns = {
  bloodPressure: loinc("85354-9", "Blood pressure panel with all children optional"),
  systolic: loinc("8480-6", "Systolic blood pressure"),
  diastolic: loinc("8462-4", "Diastolic blood pressure"),
  heartRate: loinc("8867-4", "Heart rate"),
  temperature: loinc("8310-5", "Body temperature"),
  oxygenSaturation: loinc("59408-5", "Oxygen saturation in Arterial blood by Pulse oximetry"),
  height: loinc("8302-2", "Body height"),
  weight: loinc("29463-7", "Body weight"),
  bodyMassIndex: loinc("39156-5", "Body mass index (BMI) [Ratio]"),
} as const;

/** Codes of what patients are asked. */
export const questions = {
  smoking: loinc("72166-2", "Tobacco smoking status"),
  employment: loinc("67875-5", "Employment status - current"),
  armedForces: loinc("93034-7", "Discharged from the U.S. Armed Forces"),
  mood: loinc("55758-7", "Patient Health Questionnaire 2 item (PHQ-2) total score [Reported]"),
} as const;

export type Smoking = "daily" | "former" | "never";

export const smokingAnswers = {
  daily: snomed("449868002", "Smokes tobacco daily"),
  former: snomed("8517006", "Ex-smoker"),
  never: snomed("266919005", "Never smoked tobacco"),
} as const;

export const employmentAnswers = [
  snomed("160903007", "Full-time employment"),
  snomed("160904001", "Part-time employment"),
  snomed("73438004", "Unemployed"),
  snomed("741062008", "Not in labor force"),
] as const;
