import type { Race } from "../life.ts";

/** Race and its share, with the OMB category of US Core and the word of the Synthea CSV layout. */
export const races: Readonly<Record<Race, { share: number; omb: string; name: string; word: string }>> = {
  white: { share: 0.62, omb: "2106-3", name: "White", word: "white" },
  black: { share: 0.17, omb: "2054-5", name: "Black or African American", word: "black" },
  asian: { share: 0.12, omb: "2028-9", name: "Asian", word: "asian" },
  native: { share: 0.05, omb: "1002-5", name: "American Indian or Alaska Native", word: "native" },
  pacific: { share: 0.04, omb: "2076-8", name: "Native Hawaiian or Other Pacific Islander", word: "hawaiian" },
};

/** Cities and their first postal codes; some senders write the state's name, some its two letters. */
export const places = [
  { city: "Springfield", state: "Illinois", letters: "IL", postalCode: "62701" },
  { city: "Salem", state: "Massachusetts", letters: "MA", postalCode: "01970" },
  { city: "Portland", state: "Oregon", letters: "OR", postalCode: "97201" },
  { city: "Albany", state: "New York", letters: "NY", postalCode: "12207" },
  { city: "Madison", state: "Wisconsin", letters: "WI", postalCode: "53703" },
  { city: "Denver", state: "Colorado", letters: "CO", postalCode: "80202" },
  { city: "Atlanta", state: "Georgia", letters: "GA", postalCode: "30303" },
  { city: "Phoenix", state: "Arizona", letters: "AZ", postalCode: "85003" },
] as const;

/** Average height in cm and weight in kg by age in years; between them, a straight line. */
export const growth = [
  { age: 0, height: 50, weight: 3.4 },
  { age: 1, height: 75, weight: 9.6 },
  { age: 2, height: 87, weight: 12.2 },
  { age: 5, height: 109, weight: 18.4 },
  { age: 10, height: 138, weight: 32 },
  { age: 15, height: 165, weight: 55 },
  { age: 18, height: 170, weight: 66 },
] as const;
