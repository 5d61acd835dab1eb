import type { Row } from "../../src/warehouse/values.ts";

/** Where our rules differ from those of the fhir2omop project on purpose. */
export interface Override {
  readonly reason: string;
  readonly table: string;
  /**
   * By the first words of a case, what we have in place of theirs: the columns that differ, row by row. No rows: where they have
   * rows, we have none.
   */
  readonly ours: Readonly<Record<string, readonly Row[]>>;
}

/** By the name of their file. */
export const overrides: Readonly<Record<string, readonly Override[]>> = {
  "location--location--core.json": [
    {
      reason: "the two letters of a state stand in state, as the CDM says",
      table: "location",
      ours: { "(a)": [{ state: "MA" }] },
    },
    {
      reason: "location_source_value holds the state only where state cannot; else the key made of the address",
      table: "location",
      ours: { "(a)": [{ location_source_value: "2464652519301688" }] },
    },
    {
      reason: "a Location without address is a care site, and no place that could be told from others",
      table: "location",
      ours: { "(b)": [] },
    },
  ],
  "medicationrequest--drug-exposure--rxnorm.json": [
    {
      reason:
        "a prescription that does not say how long it lasts is taken to last 30 days (Themis #57), to no hour of the day",
      table: "drug_exposure",
      ours: {
        "(a)": [{ drug_exposure_end_date: "2005-02-11", drug_exposure_end_datetime: null }],
        "(a2)": [{ drug_exposure_end_date: "2021-06-18", drug_exposure_end_datetime: null }],
        "(a3)": [{ drug_exposure_end_date: "2014-09-20", drug_exposure_end_datetime: null }],
      },
    },
    {
      reason: "38000177 is not standard any more; its place took 32838 EHR prescription",
      table: "drug_exposure",
      ours: {
        "(a)": [{ drug_type_concept_id: 32838 }],
        "(a2)": [{ drug_type_concept_id: 32838 }],
        "(a3)": [{ drug_type_concept_id: 32838 }],
      },
    },
    {
      reason: "an Encounter without a period is no visit, which must have a start",
      table: "drug_exposure",
      ours: { "(a2)": [{ visit_occurrence_id: null }] },
    },
  ],
  "observation--measurement--components.json": [
    {
      reason: "an Encounter without a period is no visit, which must have a start",
      table: "measurement",
      ours: { "(a)": [{ visit_occurrence_id: null }, { visit_occurrence_id: null }] },
    },
    {
      reason: "an Encounter without a period is no visit, which must have a start",
      table: "observation",
      ours: {
        "(b)": [{ visit_occurrence_id: null }],
        "(c)": [{ visit_occurrence_id: null }, { visit_occurrence_id: null }],
      },
    },
    {
      reason: "value_source_value holds the value as sent, numbers too",
      table: "measurement",
      ours: { "(a)": [{ value_source_value: "112" }, { value_source_value: "79" }] },
    },
    {
      reason: "value_source_value holds the value as sent, numbers too",
      table: "observation",
      ours: { "(c)": [{ value_source_value: "8" }, {}] },
    },
    {
      reason: "a unit of UCUM has a source concept, which CDM 5.4 has a column for",
      table: "measurement",
      ours: { "(a)": [{ unit_source_concept_id: 8876 }, { unit_source_concept_id: 8876 }] },
    },
    {
      reason:
        "a coded answer with a concept is that concept, and its source value the code as sent; its words are in the mapping report",
      table: "observation",
      ours: { "(b)": [{ value_as_string: null, value_source_value: "LA30189-7" }] },
    },
    {
      reason: "an optional concept is 0 where the source has a value that does not map; NULL says that it has none",
      table: "observation",
      ours: { "(c)": [{ unit_concept_id: 0 }, {}] },
    },
  ],
  "patient--person--gender-birthsex.json": [
    {
      reason: "8551 is not standard any more, and has no place in a column of standard concepts",
      table: "person",
      ours: { "Patient.gender 'unknown'": [{ gender_concept_id: 0 }] },
    },
  ],
};
