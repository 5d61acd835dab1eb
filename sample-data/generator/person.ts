import { places, races } from "./catalogue/people.ts";
import type { Smoking } from "./catalogue/visits.ts";
import type { Person, Race } from "./life.ts";
import type { Random } from "./random.ts";
import { date, day } from "./time.ts";

/** What a person is like in measurements; not written anywhere as such. */
export interface Traits {
  /** Milliseconds since 1970. */
  readonly born: number;
  readonly smoking: Smoking;
  /** Height compared with the average of age and sex. */
  readonly tallness: number;
  /** Of an adult in kg/m2. */
  readonly bodyMassIndex: number;
}

/** Draws one person, born 1950 to 2025; the older half is more common, because it has more to tell. */
export function createPerson(number: number, random: Random): { person: Person; traits: Traits } {
  const birthYear = random.chance(0.6) ? random.integer(1950, 1969) : random.integer(1970, 2025);
  const born = Date.UTC(birthYear, 0, 1) + random.integer(0, birthYear === 2025 ? 180 : 364) * day;
  const sexAtBirth = random.chance(0.5) ? "female" : "male";
  const place = random.pick(places);
  const person: Person = {
    id: random.uuid(),
    number,
    gender: sexAtBirth,
    sexAtBirth,
    birthDate: date(born),
    races: [pickRace(random)],
    hispanic: random.chance(0.18),
    address: {
      line: `${random.integer(1, 999)} Sample Street`,
      city: place.city,
      state: random.chance(0.3) ? place.state : place.letters,
      postalCode: place.postalCode,
    },
  };
  const draw = random.next();
  const traits: Traits = {
    born,
    smoking: draw < 0.18 ? "daily" : draw < 0.4 ? "former" : "never",
    tallness: random.around(sexAtBirth === "male" ? 1.03 : 0.96, 0.03),
    bodyMassIndex: random.around(25, 2.2),
  };
  return { person, traits };
}

function pickRace(random: Random): Race {
  let draw = random.next();
  for (const [race, { share }] of Object.entries(races)) {
    draw -= share;
    if (draw < 0) return race as Race;
  }
  return "white";
}
