import { races } from "./catalogue/people.ts";
import type { Resource } from "./fhir-resources.ts";
import type { Person } from "./life.ts";

const usCore = "http://hl7.org/fhir/us/core/StructureDefinition";
const omb = "urn:oid:2.16.840.1.113883.6.238";

/** The Patient resource, with the US Core extensions for race, ethnicity and sex at birth. */
export function patientResource(person: Person): Resource {
  const { address } = person;
  return {
    resourceType: "Patient",
    id: person.id,
    extension: [
      ombExtension(
        "us-core-race",
        person.races.map((race) => ({ code: races[race].omb, display: races[race].name })),
      ),
      ombExtension("us-core-ethnicity", [
        person.hispanic
          ? { code: "2135-2", display: "Hispanic or Latino" }
          : { code: "2186-5", display: "Not Hispanic or Latino" },
      ]),
      { url: `${usCore}/us-core-birthsex`, valueCode: person.sexAtBirth === "female" ? "F" : "M" },
    ],
    name: [{ use: "official", ...nameOf(person) }],
    gender: person.gender,
    birthDate: person.birthDate,
    deceasedDateTime: person.diedAt,
    address: [
      {
        use: "home",
        line: [address.line],
        city: address.city,
        state: address.state,
        postalCode: address.postalCode,
        country: "US",
      },
    ],
  };
}

/** A name that nobody takes for a real one: Sample, Person0001. */
export function nameOf({ number }: Person): { family: string; given: [string] } {
  return { family: "Sample", given: [`Person${String(number).padStart(4, "0")}`] };
}

function ombExtension(name: string, codings: { code: string; display: string }[]): Record<string, unknown> {
  return {
    url: `${usCore}/${name}`,
    extension: [
      ...codings.map((coding) => ({ url: "ombCategory", valueCoding: { system: omb, ...coding } })),
      { url: "text", valueString: codings.map((coding) => coding.display).join(", ") },
    ],
  };
}
