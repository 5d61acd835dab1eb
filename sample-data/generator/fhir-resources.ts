import { type Code, systemAddresses } from "./codes.ts";
import { patientResource } from "./fhir-patient.ts";
import type { Life, Observation, Prescription, Vaccination, Value } from "./life.ts";

/** A FHIR R4 resource. */
export interface Resource {
  readonly resourceType: string;
  readonly id: string;
  readonly [element: string]: unknown;
}

/** How a resource points to another: `Patient/1` in NDJSON files, `urn:uuid:1` inside a Bundle. */
export type ReferenceStyle = (type: string, id: string) => string;

/** The resource types of the sample data, in the order in which a Bundle holds them. */
export const resourceTypes = [
  "Patient",
  "Encounter",
  "Condition",
  "Observation",
  "Procedure",
  "Medication",
  "MedicationRequest",
  "Immunization",
] as const;

const terminology = "http://terminology.hl7.org/CodeSystem";
const ucum = "http://unitsofmeasure.org";

/** All resources of one life. */
export function resourcesOf(life: Life, style: ReferenceStyle): Resource[] {
  const to = (type: string, id: string) => ({ reference: style(type, id) });
  const subject = to("Patient", life.person.id);
  return [
    patientResource(life.person),
    ...encounters(life, to),
    ...conditions(life, to),
    ...life.observations.map((observation) => observationResource(observation, subject, to)),
    ...procedures(life, to),
    ...life.medications.map(({ id, code }) => ({ resourceType: "Medication", id, code: codeableConcept([code]) })),
    ...life.prescriptions.map((prescription) => medicationRequest(prescription, subject, to)),
    ...life.vaccinations.map((vaccination) => immunization(vaccination, subject, to)),
  ];
}

type Reference = { reference: string };
type To = (type: string, id: string) => Reference;

function encounters({ encounters, person }: Life, to: To): Resource[] {
  return encounters.map((encounter) => ({
    resourceType: "Encounter",
    id: encounter.id,
    status: "finished",
    class: { system: `${terminology}/v3-ActCode`, code: encounter.class },
    type: [codeableConcept([encounter.type])],
    subject: to("Patient", person.id),
    period: { start: encounter.start, end: encounter.end },
    reasonCode: encounter.reason && [codeableConcept([encounter.reason])],
    diagnosis: encounter.diagnosis && [
      { condition: to("Condition", encounter.diagnosis), use: termOf("diagnosis-role", "DD"), rank: 1 },
    ],
    hospitalization: encounter.leftFor && {
      dischargeDisposition: termOf("discharge-disposition", encounter.leftFor),
    },
  }));
}

function conditions({ conditions, person }: Life, to: To): Resource[] {
  return conditions.map((condition) => ({
    resourceType: "Condition",
    id: condition.id,
    // FHIR forbids a clinical status on a record entered in error.
    clinicalStatus: condition.enteredInError
      ? undefined
      : termOf("condition-clinical", condition.abatement === undefined ? "active" : "resolved"),
    verificationStatus: termOf("condition-ver-status", condition.enteredInError ? "entered-in-error" : "confirmed"),
    category: [termOf("condition-category", condition.category)],
    code: condition.codes.length > 0 ? codeableConcept(condition.codes) : { text: condition.text },
    subject: to("Patient", person.id),
    encounter: to("Encounter", condition.encounter),
    onsetDateTime: condition.onset,
    abatementDateTime: condition.abatement,
    recordedDate: condition.recorded,
  }));
}

function observationResource(observation: Observation, subject: Reference, to: To): Resource {
  const { range, interpretation, absentBecause } = observation;
  return {
    resourceType: "Observation",
    id: observation.id,
    status: observation.enteredInError ? "entered-in-error" : "final",
    category: [termOf("observation-category", observation.category)],
    code: codeableConcept([observation.code]),
    subject: observation.patient === undefined ? subject : to("Patient", observation.patient),
    encounter: observation.encounter && to("Encounter", observation.encounter),
    effectiveDateTime: observation.at,
    ...valueElement(observation.value),
    dataAbsentReason: absentBecause && termOf("data-absent-reason", absentBecause),
    interpretation: interpretation && [termOf("v3-ObservationInterpretation", interpretation)],
    referenceRange: range && [rangeOf(range, observation.value)],
    component: observation.components?.map(({ code, value }) => ({
      code: codeableConcept([code]),
      ...valueElement(value),
    })),
  };
}

function valueElement(value: Value | undefined): Record<string, unknown> {
  switch (value?.kind) {
    case undefined:
      return {};
    case "quantity":
      return {
        valueQuantity: {
          value: value.number,
          comparator: value.comparator,
          unit: value.unit,
          system: ucum,
          code: value.unit,
        },
      };
    case "integer":
      return { valueInteger: value.number };
    case "coded":
      return { valueCodeableConcept: codeableConcept([value.code]) };
    case "text":
      return { valueString: value.text };
    case "boolean":
      return { valueBoolean: value.yes };
  }
}

function rangeOf(range: NonNullable<Observation["range"]>, value: Value | undefined): Record<string, unknown> {
  const unit = value?.kind === "quantity" ? value.unit : undefined;
  const bound = (number: number | undefined) => (number === undefined ? undefined : { value: number, unit });
  return { low: bound(range.low), high: bound(range.high) };
}

function procedures({ procedures, person }: Life, to: To): Resource[] {
  return procedures.map((procedure) => ({
    resourceType: "Procedure",
    id: procedure.id,
    status: "completed",
    code: codeableConcept([procedure.code]),
    subject: to("Patient", person.id),
    encounter: to("Encounter", procedure.encounter),
    performedPeriod: { start: procedure.start, end: procedure.end },
    reasonCode: procedure.reason && [codeableConcept([procedure.reason])],
  }));
}

const routes = {
  oral: { code: "26643006", display: "Oral route" },
  subcutaneous: { code: "34206005", display: "Subcutaneous route" },
  intravenous: { code: "47625008", display: "Intravenous route" },
  intramuscular: { code: "78421000", display: "Intramuscular route" },
};

const routeOf = (name: keyof typeof routes) => ({ coding: [{ system: systemAddresses.SNOMED, ...routes[name] }] });

function medicationRequest(prescription: Prescription, subject: Reference, to: To): Resource {
  const { drug, named } = prescription;
  const concept = codeableConcept(drug.also === undefined ? [drug.code] : [drug.also, drug.code]);
  return {
    resourceType: "MedicationRequest",
    id: prescription.id,
    contained: named === "contained" ? [{ resourceType: "Medication", id: "drug", code: concept }] : undefined,
    status: "completed",
    intent: "order",
    medicationCodeableConcept: named === "inline" ? concept : undefined,
    medicationReference:
      named === "contained"
        ? { reference: "#drug" }
        : named === "inline"
          ? undefined
          : to("Medication", named.medication),
    subject,
    encounter: to("Encounter", prescription.encounter),
    authoredOn: prescription.at,
    reasonReference: prescription.reason && [to("Condition", prescription.reason.condition)],
    dosageInstruction: [{ text: drug.directions, route: drug.route && routeOf(drug.route) }],
    dispenseRequest: {
      numberOfRepeatsAllowed: drug.repeats,
      quantity: { value: drug.quantity },
      expectedSupplyDuration: { value: drug.days, unit: "day", system: ucum, code: "d" },
    },
  };
}

function immunization(vaccination: Vaccination, patient: Reference, to: To): Resource {
  return {
    resourceType: "Immunization",
    id: vaccination.id,
    status: "completed",
    vaccineCode: codeableConcept([vaccination.code]),
    patient,
    encounter: to("Encounter", vaccination.encounter),
    occurrenceDateTime: vaccination.at,
    primarySource: vaccination.firstHand,
    lotNumber: vaccination.lot,
    route: routeOf("intramuscular"),
    doseQuantity: { value: 0.5, unit: "mL", system: ucum, code: "mL" },
  };
}

function codeableConcept(codes: readonly Code[]): Record<string, unknown> {
  return { coding: codes.map(({ system, code, display }) => ({ system: systemAddresses[system], code, display })) };
}

function termOf(codeSystem: string, code: string): Record<string, unknown> {
  return { coding: [{ system: `${terminology}/${codeSystem}`, code }] };
}
