import { describe, expect, onTestFinished, test } from "vitest";
import { csvFiles } from "../../../src/ingest/csv-files.ts";
import { readyCsvMappings } from "../../../src/ingest/csv-mapping.ts";
import { mapToOmop } from "../../../src/omop/map-to-omop.ts";
import { pipeline } from "../../../src/pipeline/pipeline.ts";
import { createRunReport } from "../../../src/quality/run-report.ts";
import { expectFullAccount, openIntake } from "../../ingest/intake.ts";
import { projectFile } from "../../support/sources.ts";

async function anIntake() {
  const intake = await openIntake(projectFile("sample-data/vocabulary"));
  onTestFinished(() => intake[Symbol.asyncDispose]());
  return intake;
}

/** Maps files by a ready mapping, and gives the report, whose sums it has checked. */
async function map(
  intake: Awaited<ReturnType<typeof anIntake>>,
  mapping: string,
  files: Readonly<Record<string, string>>,
) {
  for (const [name, content] of Object.entries(files)) await intake.write(`${mapping}/${name}`, content);
  const run = pipeline(csvFiles(`${intake.folder}/${mapping}`, { mapping }), mapToOmop()).run(intake.warehouse);
  const report = await createRunReport(intake.warehouse, await run);
  expectFullAccount(report);
  return report;
}

const billed = "ID,CLAIMID,CHARGEID,PATIENTID,TYPE,AMOUNT,METHOD,FROMDATE,PROCEDURECODE,PAYMENTS,APPOINTMENTID";

test("Synthea's bills are the costs of what each line names, in place of the sums of encounters and drugs", async () => {
  const lines = [
    "1,k,1,p,CHARGE,100.5,,2020-01-01T10:00:00Z,185345009,,e",
    "2,k,2,p,PAYMENT,,COPAY,2020-01-01T10:00:00Z,185345009,20,e",
    "3,k,3,p,PAYMENT,,ECHECK,2020-01-01T10:00:00Z,185345009,60.25,e",
    "4,k,4,p,TRANSFEROUT,,,2020-01-01T10:00:00Z,185345009,,e",
    "5,k,5,p,PAYMENT,,CASH,2020-01-01T10:00:00Z,185345009,20.25,e",
    "6,k,6,p,CHARGE,5,,2020-01-01T10:00:00Z,140,,e",
    "7,l,1,p,CHARGE,15,,2020-01-01T10:00:00Z,314076,,e",
  ];
  const intake = await anIntake();
  const report = await map(intake, "synthea", {
    ...ofAll,
    "claims.csv": "Id,PATIENTID,APPOINTMENTID\nk,p,e\nl,p,e\n",
    "claims_transactions.csv": `${billed}\n${lines.join("\n")}\n`,
    "imaging_studies.csv":
      "Id,DATE,PATIENT,ENCOUNTER,BODYSITE_DESCRIPTION,MODALITY_DESCRIPTION,INSTANCE_UID,PROCEDURE_CODE\n" +
      "s,2020-01-01T10:00:00Z,p,e,Chest,Digital Radiography,1,399208008\ns,2020-01-01T10:00:00Z,p,e,Chest,Digital Radiography,2,399208008\n" +
      "t,2020-01-01T10:00:00Z,p,e,Knee,Digital Radiography,1,74016001\n",
    "procedures.csv":
      "START,STOP,PATIENT,ENCOUNTER,CODE,DESCRIPTION\n2020-01-01T10:00:00Z,2020-01-01T10:10:00Z,p,e,74016001,Radiography of knee\n",
  });
  expect(report.resources.by_type["claims_transactions.csv"]).toMatchObject({ read: 7, mapped: 7 });
  expect(report.resources.by_type["claims.csv"]).toMatchObject({ read: 2, reference: 2 });
  expect(report.resources.by_type["imaging_studies.csv"]).toMatchObject({
    read: 3,
    mapped: 2,
    reference: 1,
    dropped: 0,
  });
  expect(
    await intake.warehouse.rows(
      `select total_charge, total_paid, paid_by_payer, paid_by_patient, paid_patient_copay as copay,
         (select drug_source_value from cdm.drug_exposure where drug_exposure_id = cost_event_id) as drug
       from cdm.cost order by total_charge desc`,
    ),
  ).toEqual([
    { total_charge: 100.5, total_paid: 100.5, paid_by_payer: 60.25, paid_by_patient: 40.25, copay: 20, drug: null },
    { total_charge: 15, total_paid: null, paid_by_payer: null, paid_by_patient: null, copay: null, drug: "314076" },
    { total_charge: 5, total_paid: null, paid_by_payer: null, paid_by_patient: null, copay: null, drug: "140" },
  ]);
});

test("there are these", () => {
  expect(readyCsvMappings).toEqual(["notes", "omop", "smart-sample-patients", "synthea"]);
});

const patients =
  "Id,BIRTHDATE,DEATHDATE,RACE,ETHNICITY,GENDER,ADDRESS,CITY,STATE,COUNTY,ZIP\np,1950-06-01,,white,nonhispanic,F,1 Main St,Boston,Massachusetts,Suffolk County,02155\n";
const encounters =
  "Id,START,STOP,PATIENT,ORGANIZATION,PROVIDER,PAYER,ENCOUNTERCLASS,CODE,DESCRIPTION,BASE_ENCOUNTER_COST,TOTAL_CLAIM_COST,PAYER_COVERAGE,REASONCODE,REASONDESCRIPTION\ne,2020-01-01T10:00:00Z,2020-01-01T11:00:00Z,p,o,d,x,ambulatory,185345009,Encounter,80,100.50,60.25,,\n";

/** What every version of Synthea has. */
const ofAll = {
  "patients.csv": patients,
  "encounters.csv": encounters,
  "organizations.csv":
    "Id,NAME,ADDRESS,CITY,STATE,ZIP,LAT,LON,PHONE,REVENUE,UTILIZATION\no,North,2 Main St,Boston,MA,02155,42.1,-71.2,,0,1\n",
  "devices.csv":
    "START,STOP,PATIENT,ENCOUNTER,CODE,DESCRIPTION,UDI\n2020-01-01T10:00:00Z,,p,e,72506001,Defibrillator,(01)123(11)456(21)789\n",
  "medications.csv":
    "START,STOP,PATIENT,PAYER,ENCOUNTER,CODE,DESCRIPTION,BASE_COST,PAYER_COVERAGE,DISPENSES,TOTALCOST,REASONCODE,REASONDESCRIPTION\n2020-01-01T10:00:00Z,2020-02-01T10:00:00Z,p,x,e,314076,Lisinopril,5,10,3,15,,\n",
  "immunizations.csv": "DATE,PATIENT,ENCOUNTER,CODE,DESCRIPTION,BASE_COST\n2020-01-01T10:00:00Z,p,e,140,Influenza,5\n",
  "careplans.csv":
    "Id,START,STOP,PATIENT,ENCOUNTER,CODE,DESCRIPTION,REASONCODE,REASONDESCRIPTION\nc,2020-01-01,,p,e,53950000,Respiratory therapy,,\n",
  "supplies.csv": "DATE,PATIENT,ENCOUNTER,CODE,DESCRIPTION,QUANTITY\n2020-01-01,p,e,409534002,Respirator,2\n",
};

const versions = {
  "2.7": {
    ...ofAll,
    "providers.csv":
      "Id,ORGANIZATION,NAME,GENDER,SPECIALITY,ADDRESS,CITY,STATE,ZIP,LAT,LON,UTILIZATION\nd,o,Somebody,F,GENERAL PRACTICE,,,,,,,1\n",
    "conditions.csv":
      "START,STOP,PATIENT,ENCOUNTER,CODE,DESCRIPTION\n2020-01-01,2020-01-09,p,e,195662009,Sore throat\n",
    "procedures.csv":
      "DATE,PATIENT,ENCOUNTER,CODE,DESCRIPTION,BASE_COST,REASONCODE,REASONDESCRIPTION\n2020-01-01T10:00:00Z,p,e,430193006,Medication reconciliation,5,,\n",
    "observations.csv":
      "DATE,PATIENT,ENCOUNTER,CODE,DESCRIPTION,VALUE,UNITS,TYPE\n2020-01-01T10:00:00Z,p,e,29463-7,Body weight,70.5,kg,numeric\n",
    "allergies.csv": "START,STOP,PATIENT,ENCOUNTER,CODE,DESCRIPTION\n2020-01-01,,p,e,300913006,Shellfish allergy\n",
    "payers.csv": "Id,NAME,ADDRESS,CITY,STATE_HEADQUARTERED,ZIP,PHONE\nx,Medicare,,,,,\n",
    "payer_transitions.csv": "PATIENT,START_YEAR,END_YEAR,PAYER,OWNERSHIP\np,2019,2020,x,Self\n",
  },
  "3.3": {
    ...ofAll,
    "providers.csv":
      "Id,ORGANIZATION,NAME,GENDER,SPECIALITY,ADDRESS,CITY,STATE,ZIP,LAT,LON,ENCOUNTERS,PROCEDURES\nd,o,Somebody,F,GENERAL PRACTICE,,,,,,,1,1\n",
    "conditions.csv":
      "START,STOP,PATIENT,ENCOUNTER,SYSTEM,CODE,DESCRIPTION\n2020-01-01,2020-01-09,p,e,SNOMED-CT,195662009,Sore throat\n",
    "procedures.csv":
      "START,STOP,PATIENT,ENCOUNTER,SYSTEM,CODE,DESCRIPTION,BASE_COST,REASONCODE,REASONDESCRIPTION\n2020-01-01T10:00:00Z,2020-01-01T10:10:00Z,p,e,http://snomed.info/sct,430193006,Medication reconciliation,5,,\n",
    "observations.csv":
      "DATE,PATIENT,ENCOUNTER,CATEGORY,CODE,DESCRIPTION,VALUE,UNITS,TYPE\n2020-01-01T10:00:00Z,p,e,vital-signs,29463-7,Body weight,70.5,kg,numeric\n",
    "allergies.csv":
      "START,STOP,PATIENT,ENCOUNTER,CODE,SYSTEM,DESCRIPTION,TYPE,CATEGORY,REACTION1,DESCRIPTION1,SEVERITY1,REACTION2,DESCRIPTION2,SEVERITY2\n2020-01-01,,p,e,735029006,SNOMED-CT,Shellfish,allergy,food,,,,,,\n",
    "payers.csv": "Id,NAME,OWNERSHIP,ADDRESS,CITY,STATE_HEADQUARTERED,ZIP,PHONE\nx,Medicare,GOVERNMENT,,,,,\n",
    "payer_transitions.csv":
      "PATIENT,MEMBERID,START_DATE,END_DATE,PAYER,SECONDARY_PAYER,PLAN_OWNERSHIP,OWNER_NAME\np,m,2019-01-01T00:00:00Z,2020-01-01T00:00:00Z,x,,Self,Somebody\n",
    "imaging_studies.csv": "Id,DATE,PATIENT,ENCOUNTER,MODALITY_DESCRIPTION\ni,2020-01-01T10:00:00Z,p,e,Ultrasound\n",
    "claims.csv": "Id,PATIENTID,PRIMARYPATIENTINSURANCEID\nc,p,x\n",
    "claims_transactions.csv": `${billed}\nt,c,1,p,CHARGE,100.5,,2020-01-01T10:00:00Z,185345009,,e\nu,c,2,p,PAYMENT,,ECHECK,2020-01-01T10:00:00Z,185345009,60.25,e\nv,c,3,p,CHARGE,15,,2020-01-01T10:00:00Z,314076,,e\n`,
    "patient_expenses.csv": "PATIENT_ID,YEAR_DATE\np,2020\n",
  },
};

describe.each(Object.entries(versions))("Synthea %s", (version, files) => {
  test("is mapped row by row", async () => {
    const intake = await anIntake();
    const { tables, resources } = await map(intake, "synthea", files);
    expect(tables).toMatchObject({
      person: 1,
      location: 2,
      care_site: 1,
      provider: 1,
      visit_occurrence: 1,
      condition_occurrence: 1,
      drug_exposure: 2,
      device_exposure: 2,
      measurement: 1,
      payer_plan_period: 1,
      cost: 2,
    });
    expect(resources).toMatchObject({
      dropped: 0,
      quarantined: 0,
      reference: version === "2.7" ? 1 : 2,
      ignored: version === "2.7" ? 0 : 1,
    });
    expect(
      await intake.warehouse.rows(
        `select provider_id is not null as provider, care_site_id is not null as care_site, total_charge, paid_by_payer
         from cdm.visit_occurrence join cdm.cost on cost_event_id = visit_occurrence_id`,
      ),
    ).toEqual([{ provider: true, care_site: true, total_charge: 100.5, paid_by_payer: 60.25 }]);
    const paid = "select total_charge, payer_plan_period_id is not null as by_plan from cdm.cost order by total_charge";
    expect(await intake.warehouse.rows(paid)).toEqual([
      { total_charge: 15, by_plan: true },
      { total_charge: 100.5, by_plan: true },
    ]);
    expect(
      await intake.warehouse.rows(
        `select refills, drug_exposure_end_date, payer_source_value, payer_plan_period_start_date, production_id
         from cdm.drug_exposure, cdm.payer_plan_period, cdm.device_exposure
         where refills is not null and production_id is not null`,
      ),
    ).toEqual([
      {
        refills: 2,
        drug_exposure_end_date: "2020-02-01",
        payer_source_value: "Medicare",
        payer_plan_period_start_date: "2019-01-01",
        production_id: "(11)456(21)789",
      },
    ]);
  });
});

describe("notes", () => {
  const notes = [
    "note_id,patient,encounter,date,type,text",
    'n1,p,e,2020-01-01T10:30:00Z,18842-5,"Discharged home, well."',
    'n2,p,,2020-02-01,Telephone note,"Called; ""feels better""."',
    "n3,p,e,2020-02-01,Empty,",
    "n4,q,,2020-02-01,Stranger,Text",
    "",
  ].join("\n");

  test("join the patients and visits that the warehouse has", async () => {
    const intake = await anIntake();
    await map(intake, "synthea", { "patients.csv": patients, "encounters.csv": encounters });
    const { tables, dropped } = await map(intake, "notes", { "notes.csv": notes });
    expect(tables).toMatchObject({ person: 1, visit_occurrence: 1, note: 2 });
    expect(dropped).toEqual([
      { resource_type: "notes.csv", reason: "NO_PERSON", count: 1 },
      { resource_type: "notes.csv", reason: "NO_TEXT", count: 1 },
    ]);
    expect(
      await intake.warehouse.rows(
        "select note_date, note_title, note_text, note_source_value, visit_occurrence_id is not null as has_visit from cdm.note order by 1",
      ),
    ).toEqual([
      {
        note_date: "2020-01-01",
        note_title: null,
        note_text: "Discharged home, well.",
        note_source_value: "18842-5",
        has_visit: true,
      },
      {
        note_date: "2020-02-01",
        note_title: "Telephone note",
        note_text: 'Called; "feels better".',
        note_source_value: "Telephone note",
        has_visit: false,
      },
    ]);
  });
});
