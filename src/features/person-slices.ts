import type { QueryOptions, Warehouse } from "../warehouse/warehouse.ts";

/** Texts of histories of so many events are handled at once: they do not spill to disk. */
const eventsInSlice = 500_000;

/** Persons from the first to the last id. */
export interface PersonSlice {
  readonly first: number;
  readonly last: number;
}

/** The persons of `features.patient_history` by id, in slices of some 500,000 events. `whose`: SQL, of which of them. */
export function personSlices(warehouse: Warehouse, whose = "true", control: QueryOptions = {}): Promise<PersonSlice[]> {
  return warehouse.rows<PersonSlice>(
    `select min(person_id) as first, max(person_id) as last
     from (
       select person_id, sum(events) over (order by person_id) // ${eventsInSlice} as slice
       from features.patient_history
       where ${whose}
     )
     group by slice order by slice`,
    undefined,
    control,
  );
}
