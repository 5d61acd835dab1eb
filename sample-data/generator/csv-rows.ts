import { races } from "./catalogue/people.ts";
import { type Code, systemAddresses } from "./codes.ts";
import { nameOf } from "./fhir-patient.ts";
import type { Condition, Encounter, Life, Observation, Value } from "./life.ts";

/** The columns of the Synthea CSV layout, by file. */
export const csvColumns = {
  patients:
    "Id,BIRTHDATE,DEATHDATE,SSN,DRIVERS,PASSPORT,PREFIX,FIRST,LAST,SUFFIX,MAIDEN,MARITAL,RACE,ETHNICITY,GENDER,BIRTHPLACE,ADDRESS,CITY,STATE,COUNTY,ZIP,LAT,LON,HEALTHCARE_EXPENSES,HEALTHCARE_COVERAGE",
  encounters:
    "Id,START,STOP,PATIENT,ORGANIZATION,PROVIDER,PAYER,ENCOUNTERCLASS,CODE,DESCRIPTION,BASE_ENCOUNTER_COST,TOTAL_CLAIM_COST,PAYER_COVERAGE,REASONCODE,REASONDESCRIPTION",
  conditions: "START,STOP,PATIENT,ENCOUNTER,SYSTEM,CODE,DESCRIPTION",
  observations: "DATE,PATIENT,ENCOUNTER,CATEGORY,CODE,DESCRIPTION,VALUE,UNITS,TYPE",
  procedures: "START,STOP,PATIENT,ENCOUNTER,CODE,DESCRIPTION,BASE_COST,REASONCODE,REASONDESCRIPTION",
  medications:
    "START,STOP,PATIENT,PAYER,ENCOUNTER,CODE,DESCRIPTION,BASE_COST,PAYER_COVERAGE,DISPENSES,TOTALCOST,REASONCODE,REASONDESCRIPTION",
  immunizations: "DATE,PATIENT,ENCOUNTER,CODE,DESCRIPTION,BASE_COST",
} as const;

export type CsvFile = keyof typeof csvColumns;

/**
 * The rows of one life in the Synthea CSV layout: events that stand as FHIR records them, without those entered in
 * error or without a value, for which the layout has no place. Columns of costs, payers, providers and identity
 * numbers stay empty. See the README of the sample data for what else the layout cannot say.
 */
export function csvRowsOf(life: Life): Record<CsvFile, string> {
  const { id } = life.person;
  return {
    patients: patientRow(life),
    encounters: rows(life.encounters, (encounter) => [
      encounter.id,
      encounter.start,
      encounter.end,
      id,
      "",
      "",
      "",
      encounterClasses[encounter.class],
      ...codeAndName(encounter.type),
      "",
      "",
      "",
      ...codeAndName(encounter.reason),
    ]),
    conditions: rows(valid(life.conditions), (condition) => [
      wholeDate(condition.onset),
      condition.abatement,
      id,
      condition.encounter,
      ...conditionCode(condition),
    ]),
    observations: rows(valid(life.observations).flatMap(measured), ({ observation, code, value }) => [
      observation.at.length < 10 ? `${wholeDate(observation.at)}T00:00:00Z` : observation.at,
      observation.patient ?? id,
      observation.encounter,
      observation.category,
      ...codeAndName(code),
      ...valueUnitAndType(value),
    ]),
    procedures: rows(life.procedures, ({ start, end, encounter, code, reason }) => [
      start,
      end,
      id,
      encounter,
      ...codeAndName(code),
      "",
      ...codeAndName(reason),
    ]),
    medications: rows(life.prescriptions, ({ drug, at, until, encounter, reason }) => [
      at,
      `${until}T00:00:00Z`,
      id,
      "",
      encounter,
      ...codeAndName(drug.code),
      "",
      "",
      String(drug.repeats + 1),
      "",
      ...codeAndName(reason?.code),
    ]),
    immunizations: rows(life.vaccinations, ({ at, encounter, code }) => [at, id, encounter, ...codeAndName(code), ""]),
  };
}

type Cell = string | undefined;

const encounterClasses: Readonly<Record<Encounter["class"], string>> = {
  AMB: "ambulatory",
  EMER: "emergency",
  IMP: "inpatient",
  VR: "virtual",
};

function patientRow({ person }: Life): string {
  const { address } = person;
  const { family, given } = nameOf(person);
  const none = (count: number) => Array<Cell>(count).fill("");
  return row([
    person.id,
    person.birthDate,
    person.diedAt?.slice(0, 10),
    ...none(4),
    given[0],
    family,
    ...none(3),
    person.races.length > 1 ? "other" : races[person.races[0]!].word,
    person.hispanic ? "hispanic" : "nonhispanic",
    person.sexAtBirth === "female" ? "F" : "M",
    "",
    address.line,
    address.city,
    address.state,
    "",
    address.postalCode,
    ...none(4),
  ]);
}

function valid<Event extends { enteredInError?: boolean | undefined }>(events: readonly Event[]): Event[] {
  return events.filter((event) => !event.enteredInError);
}

/** An observation has a row for its own value and one for each component that has a value. */
function measured(observation: Observation): { observation: Observation; code: Code; value: Value }[] {
  const { code, value, components = [] } = observation;
  const parts = value === undefined ? components : [{ code, value }, ...components];
  return parts.map((part) => ({ observation, ...part }));
}

function valueUnitAndType(value: Value): [string, string, string] {
  switch (value.kind) {
    case "quantity":
      return value.comparator === undefined
        ? [String(value.number), value.unit, "numeric"]
        : [`${value.comparator}${value.number}`, value.unit, "text"];
    case "integer":
      return [String(value.number), "", "numeric"];
    case "coded":
      return [value.code.display ?? value.code.code, "", "text"];
    case "text":
      return [value.text, "", "text"];
    case "boolean":
      return [value.yes ? "Yes" : "No", "", "text"];
  }
}

function conditionCode({ codes: [code], text }: Condition): [Cell, Cell, Cell] {
  if (code === undefined) return ["", "", text];
  return [code.system === "SNOMED" ? "SNOMED-CT" : systemAddresses[code.system], ...codeAndName(code)];
}

function codeAndName(code: Code | undefined): [Cell, Cell] {
  return [code?.code, code?.display];
}

/** The first day of a partial date: columns of dates hold whole ones. */
function wholeDate(date: string): string {
  return `${date}${"-01-01".slice(date.length - 4)}`.slice(0, 10);
}

function rows<Event>(events: readonly Event[], cells: (event: Event) => Cell[]): string {
  return events.map((event) => row(cells(event))).join("");
}

function row(cells: readonly Cell[]): string {
  return `${cells.map((cell = "") => (/[",\n]/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell)).join(",")}\n`;
}
