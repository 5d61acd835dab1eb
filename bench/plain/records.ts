// Condition, Observation, Procedure, MedicationRequest and Immunization → events.

import type {
  CodeableConcept,
  Condition,
  DomainResource,
  FhirResource,
  Immunization,
  MedicationRequest,
  Observation,
  ObservationComponent,
  Procedure,
  Quantity,
  Reference,
} from "fhir/r4.d.ts";
import { addEvent } from "./events.ts";
import { idIn, type Job } from "./job.ts";

export function mapCondition(job: Job, condition: Condition): void {
  const { subject, encounter, code, onsetDateTime, abatementDateTime, recordedDate } = condition;
  const verification = condition.verificationStatus?.coding?.[0]?.code;
  const droppedStatuses = ["refuted", "entered-in-error", "unconfirmed"];
  const categories = codesOf(condition.category);
  addEvent(job, {
    record: condition,
    subject,
    encounter,
    role: "condition",
    code,
    table: "condition_occurrence",
    refused: refusalOf(condition, droppedStatuses.includes(verification ?? "")),
    start: onsetDateTime ?? condition.onsetPeriod?.start ?? recordedDate,
    startFromVisit: true,
    end: abatementDateTime ?? condition.abatementPeriod?.end,
    type: categories.includes("encounter-diagnosis")
      ? "EHR encounter record"
      : categories.includes("problem-list-item")
        ? "EHR problem list"
        : "EHR",
    status: job.diagnoses.get(condition.id!) ?? verification ?? condition.clinicalStatus?.coding?.[0]?.code,
  });
}

export function mapProcedure(job: Job, procedure: Procedure): void {
  const { subject, encounter, code, performedDateTime, performedPeriod } = procedure;
  addEvent(job, {
    record: procedure,
    subject,
    encounter,
    role: "procedure",
    code,
    table: "procedure_occurrence",
    refused: refusalOf(procedure, procedure.status !== "completed"),
    start: performedDateTime ?? performedPeriod?.start,
    end: performedPeriod?.end,
    type: "EHR",
  });
}

export function mapMedicationRequest(job: Job, request: MedicationRequest): void {
  const { subject, encounter, authoredOn, dosageInstruction, dispenseRequest, contained } = request;
  const taken = ["active", "completed", "stopped"].includes(request.status);
  const refused = !request.intent.endsWith("order") ? "INTENT" : request.doNotPerform ? "DO_NOT_PERFORM" : undefined;
  const supply = dispenseRequest?.expectedSupplyDuration;
  addEvent(job, {
    record: request,
    subject,
    encounter,
    role: "drug",
    code: request.medicationCodeableConcept ?? drugNamed(job, request.medicationReference, contained),
    table: "drug_exposure",
    refused: refusalOf(request, !taken) ?? refused,
    start: authoredOn,
    type: "EHR prescription",
    quantity: dispenseRequest?.quantity?.value,
    daysSupply: daysIn(supply),
    defaultDays: 30,
    refills: dispenseRequest?.numberOfRepeatsAllowed,
    sig: dosageInstruction?.map(({ text }) => text).join("; ") || null,
    route: dosageInstruction?.find(({ route }) => route !== undefined)?.route,
  });
}

export function mapImmunization(job: Job, immunization: Immunization): void {
  const { patient, encounter, vaccineCode, occurrenceDateTime, doseQuantity } = immunization;
  addEvent(job, {
    record: immunization,
    subject: patient,
    encounter,
    role: "vaccine",
    code: vaccineCode,
    table: "drug_exposure",
    refused: refusalOf(immunization, immunization.status !== "completed"),
    start: occurrenceDateTime,
    end: occurrenceDateTime,
    type: immunization.primarySource === false ? "Patient self-report" : "EHR administration record",
    quantity: doseQuantity?.value,
    doseUnit: doseQuantity?.unit ?? doseQuantity?.code,
    route: immunization.route,
    lot: immunization.lotNumber,
  });
}

export function mapObservation(job: Job, observation: Observation): void {
  const { component = [], subject, encounter, status } = observation;
  const categories = codesOf(observation.category);
  const laboratory = categories.includes("laboratory");
  const refused = refusalOf(observation, status !== "final" && status !== "amended" && status !== "corrected");
  for (const [part, holder] of [observation, ...component].entries()) {
    const value = valueIn(holder);
    // A panel whose value lies in its components.
    if (part === 0 && component.length > 0 && value === undefined && !holder.dataAbsentReason && !refused) continue;
    const interpretation = holder.interpretation?.[0]?.coding?.[0]?.code ?? holder.interpretation?.[0]?.text;
    const range = holder.referenceRange?.find(({ type }) => !type || type.coding?.[0]?.code === "normal");
    addEvent(job, {
      record: observation,
      part,
      subject,
      encounter,
      role: "observation",
      code: holder.code,
      table: laboratory || categories.includes("vital-signs") || value?.number != null ? "measurement" : "observation",
      refused: refused ?? (value === undefined && holder.dataAbsentReason ? "DATA_ABSENT" : undefined),
      start: observation.effectiveDateTime ?? observation.effectivePeriod?.start ?? observation.issued,
      type: laboratory ? "Lab" : "EHR",
      ...value,
      constant: value === undefined && interpretation !== undefined ? `qualifier:${interpretation}` : value?.constant,
      qualifier: value === undefined ? undefined : interpretation,
      low: range?.low?.value,
      high: range?.high?.value,
    });
  }
}

interface Value {
  readonly number?: number | null;
  readonly comparator?: string | null | undefined;
  readonly text?: string;
  readonly coded?: CodeableConcept;
  readonly constant?: string;
  readonly unit?: Quantity;
}

function valueIn(holder: Observation | ObservationComponent): Value | undefined {
  const { valueQuantity, valueInteger, valueString, valueCodeableConcept, valueBoolean } = holder;
  if (valueQuantity?.value !== undefined) {
    const { value, comparator } = valueQuantity;
    return { number: value, comparator, text: `${comparator ?? ""}${value}`, unit: valueQuantity };
  }
  if (valueInteger !== undefined) return { number: valueInteger, text: String(valueInteger) };
  if (valueString !== undefined) {
    const [, comparator, number] = /^\s*(<=|>=|<|>)?\s*(-?\d+(?:\.\d+)?)\s*$/.exec(valueString) ?? [];
    return { number: number === undefined ? null : Number(number), comparator, text: valueString };
  }
  if (valueCodeableConcept !== undefined) {
    const text = valueCodeableConcept.coding?.[0]?.code ?? valueCodeableConcept.text;
    return { coded: valueCodeableConcept, ...(text === undefined ? {} : { text }) };
  }
  if (valueBoolean !== undefined) return { constant: `boolean:${valueBoolean}`, text: String(valueBoolean) };
  return undefined;
}

/** The two rules that hold for all. */
function refusalOf({ modifierExtension }: DomainResource, dropped: boolean): string | undefined {
  return modifierExtension?.length ? "MODIFIER_EXTENSION" : dropped ? "STATUS" : undefined;
}

/** The code of a Medication, named by id or contained. */
function drugNamed(
  job: Job,
  reference: Reference | undefined,
  contained: MedicationRequest["contained"],
): CodeableConcept | undefined {
  if (!reference?.reference?.startsWith("#")) return job.drugs.get(idIn(reference) ?? "");
  const inside = (contained as FhirResource[] | undefined)?.find(({ id }) => reference.reference === `#${id}`);
  return inside?.resourceType === "Medication" ? inside.code : undefined;
}

function codesOf(concepts: readonly CodeableConcept[] | undefined): (string | undefined)[] {
  return concepts?.flatMap(({ coding }) => coding?.map(({ code }) => code) ?? []) ?? [];
}

function daysIn(duration: Quantity | undefined): number | null {
  const unit = duration?.code ?? duration?.unit;
  const days = unit === "d" ? duration!.value! : unit === "wk" ? duration!.value! * 7 : 0;
  return days > 0 ? Math.round(days) : null;
}
