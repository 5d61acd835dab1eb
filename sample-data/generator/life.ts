import type { Drug } from "./catalogue/drugs.ts";
import type { Code } from "./codes.ts";

/**
 * One synthetic patient's life, before it is written in any format. Dates are ISO 8601 texts and may be partial
 * (`2019`, `2019-05`); references between events are ids.
 */
export interface Life {
  readonly person: Person;
  readonly encounters: Encounter[];
  readonly conditions: Condition[];
  readonly observations: Observation[];
  readonly procedures: Procedure[];
  readonly medications: Medication[];
  readonly prescriptions: Prescription[];
  readonly vaccinations: Vaccination[];
}

export type Race = "white" | "black" | "asian" | "native" | "pacific";

export interface Person {
  readonly id: string;
  /** The patient's place in the run, from 1. */
  readonly number: number;
  gender: "male" | "female" | "other";
  readonly sexAtBirth: "male" | "female";
  readonly birthDate: string;
  races: readonly Race[];
  readonly hispanic: boolean;
  readonly address: { line: string; city: string; state: string; postalCode: string };
  diedAt?: string | undefined;
}

interface Event {
  readonly id: string;
  /** True for a record that was taken back: FHIR status entered-in-error. */
  enteredInError?: boolean | undefined;
}

export interface Encounter extends Event {
  readonly class: "AMB" | "EMER" | "IMP" | "VR";
  readonly type: Code;
  readonly start: string;
  readonly end: string;
  readonly reason?: Code | undefined;
  /** The condition the patient was in hospital for, by id. */
  diagnosis?: string | undefined;
  readonly leftFor?: "home" | "exp" | undefined;
}

export interface Condition extends Event {
  /** Nothing but `text` when empty. */
  readonly codes: readonly Code[];
  readonly text?: string | undefined;
  readonly category: "encounter-diagnosis" | "problem-list-item";
  readonly onset: string;
  readonly recorded: string;
  abatement?: string | undefined;
  readonly encounter: string;
}

export type Value =
  | { readonly kind: "quantity"; readonly number: number; readonly unit: string; readonly comparator?: "<" | ">" }
  | { readonly kind: "integer"; readonly number: number }
  | { readonly kind: "coded"; readonly code: Code }
  | { readonly kind: "text"; readonly text: string }
  | { readonly kind: "boolean"; readonly yes: boolean };

export interface Observation extends Event {
  /** The patient's id where it is not the patient of this life. */
  readonly patient?: string | undefined;
  readonly category: "vital-signs" | "laboratory" | "social-history" | "survey";
  readonly code: Code;
  readonly at: string;
  readonly encounter?: string | undefined;
  readonly value?: Value | undefined;
  readonly components?: readonly { readonly code: Code; readonly value: Value }[] | undefined;
  readonly range?: { readonly low?: number | undefined; readonly high?: number | undefined } | undefined;
  readonly interpretation?: "H" | "L" | "POS" | "NEG" | undefined;
  readonly absentBecause?: "not-performed" | undefined;
}

export interface Procedure extends Event {
  readonly code: Code;
  readonly start: string;
  readonly end: string;
  readonly encounter: string;
  readonly reason?: Code | undefined;
}

/** A medication that prescriptions point to. */
export interface Medication {
  readonly id: string;
  readonly code: Code;
}

export interface Prescription extends Event {
  readonly drug: Drug;
  /** How the drug is named: in the prescription, by a contained resource, or by the id of a {@link Medication}. */
  readonly named: "inline" | "contained" | { readonly medication: string };
  readonly at: string;
  /** The last day the prescription covers. */
  readonly until: string;
  readonly encounter: string;
  /** The condition it treats, with its first code. */
  readonly reason?: { readonly condition: string; readonly code: Code } | undefined;
}

export interface Vaccination extends Event {
  readonly code: Code;
  readonly at: string;
  readonly encounter: string;
  readonly lot: string;
  /** False when the patient reported it. */
  readonly firstHand: boolean;
}
