// Patient → person, location, death.

import type { Extension, Patient } from "fhir/r4.d.ts";
import { dayOf, madeUp, timeOf } from "./dates.ts";
import type { Job } from "./job.ts";

const usCore = "http://hl7.org/fhir/us/core/StructureDefinition";
const unknownRaces = ["UNK", "ASKU", "NASK", "NI", "MSK"];

export interface PatientMapper {
  readonly map: (patient: Patient) => void;
  /** Persons of several races: each race is observed of them on the day of their last visit. */
  readonly finish: () => void;
}

export function createPatientMapper(job: Job): PatientMapper {
  const { tables, constant } = job;
  const locations = new Map<string, number>();
  const ofSeveralRaces: { patient: Patient; races: string[] }[] = [];

  function locationOf(patient: Patient): number | null {
    const places = patient.address?.filter(
      ({ use, line, city, state, postalCode, country }) =>
        use !== "old" && (line?.[0] ?? city ?? state ?? postalCode ?? country) !== undefined,
    );
    const home = places?.find(({ use }) => use === "home") ?? places?.[0];
    if (home === undefined) return null;
    const { line, city, district, state, postalCode, country } = home;
    const key = [line?.[0], line?.[1], city, district, state, postalCode, country]
      .map((part) => part?.trim() ?? "")
      .join("|")
      .toLowerCase();
    let id = locations.get(key);
    if (id === undefined) {
      id = job.nextId("location");
      locations.set(key, id);
      const known = job.vocabulary.states.get(state?.trim().toLowerCase() ?? "");
      const letters = known ?? ((state?.length ?? 0) <= 2 ? state : undefined);
      tables.append("location", [
        id,
        line?.[0] ?? null,
        line?.[1] ?? null,
        city ?? null,
        letters ?? null,
        postalCode?.replace(/^(\d{5})-(\d{4})$/, "$1$2") ?? null,
        district ?? null,
        letters === undefined && state !== undefined ? state : String(id),
        country === undefined ? null : (constant(`country:${country.toUpperCase()}`) ?? 0),
        country ?? null,
      ]);
    }
    job.trace("location", id, patient);
    return id;
  }

  return {
    map(patient) {
      const birth = dayOf(patient.birthDate);
      if (patient.modifierExtension?.length || birth === null) {
        job.drop(patient, birth === null ? "NO_BIRTH_DATE" : "MODIFIER_EXTENSION");
        return;
      }
      const id = job.nextId("person");
      job.persons.set(patient.id!, { id, birth, visits: [], firstEvent: undefined, lastEvent: undefined });

      const birthSex = patient.extension?.find(({ url }) => url === `${usCore}/us-core-birthsex`)?.valueCode;
      const gender = birthSex === "M" || birthSex === "F" ? birthSex : patient.gender;
      const genderConcept = constant(`gender:${gender}`) ?? 0;
      const races = categories(patient, "us-core-race");
      const knownRaces = [...new Set(races.filter((race) => !unknownRaces.includes(race)))];
      const ethnicity = categories(patient, "us-core-ethnicity")[0];
      const [year, month, day] = patient.birthDate!.split("-").map(Number);
      tables.append("person", [
        id,
        genderConcept,
        year!,
        month ?? null,
        day ?? null,
        day === undefined ? null : timeOf(`${patient.birthDate}T00:00:00`),
        constant(`race:${knownRaces.length > 1 ? "multiple" : knownRaces[0]}`) ?? 0,
        constant(`ethnicity:${ethnicity}`) ?? 0,
        locationOf(patient),
        patient.id!,
        gender ?? null,
        gender === "M" || gender === "F" ? genderConcept : 0,
        races.join(";") || null,
        0,
        ethnicity ?? null,
        0,
      ]);
      job.trace("person", id, patient, 0, 0, madeUp(patient.birthDate));
      if (knownRaces.length > 1) ofSeveralRaces.push({ patient, races: knownRaces.sort() });

      const died = dayOf(patient.deceasedDateTime);
      if (died !== null) {
        tables.append("death", [id, died, timeOf(patient.deceasedDateTime), constant("type:EHR")]);
        job.trace("death", id, patient, 0, 0, madeUp(patient.deceasedDateTime));
      } else if (patient.deceasedBoolean || patient.deceasedDateTime) {
        job.drop(patient, patient.deceasedDateTime ? "BAD_DATE" : "NO_DEATH_DATE");
      }
    },

    finish() {
      for (const { patient, races } of ofSeveralRaces) {
        const person = job.persons.get(patient.id!)!;
        const lastVisit = person.visits.at(-1);
        for (const [position, race] of races.entries()) {
          if (lastVisit === undefined) {
            job.drop(patient, "NO_DATE", position + 1);
            continue;
          }
          const id = job.nextId("observation");
          tables.append("observation", [
            id,
            person.id,
            constant("observation:race"),
            lastVisit.start,
            null,
            constant("type:EHR"),
            null,
            null,
            constant(`race:${race}`) ?? 0,
            null,
            null,
            null,
            null,
            0,
            null,
            null,
            race,
          ]);
          job.trace("observation", id, patient, position + 1, 0, "start from last visit");
        }
      }
    },
  };
}

function categories(patient: Patient, extension: string): string[] {
  const parts = (patient.extension ?? [])
    .filter(({ url }) => url === `${usCore}/${extension}`)
    .flatMap(({ extension }): Extension[] => extension ?? []);
  return parts.filter(({ url }) => url === "ombCategory").map(({ valueCoding }) => valueCoding!.code!);
}
