import { describe, expect, it } from "vitest";
import { mapCsv, people, twoPeople } from "./map-csv.ts";

const loinc = "http://loinc.org";
const snomed = "http://snomed.info/sct";

describe("dates", () => {
  const weights = (start: object | string, dates?: object) => ({
    ...people,
    "weights.csv": {
      ...(dates && { dates }),
      events: [
        {
          kind: "observation" as const,
          person: "who",
          code: { constant: "29463-7" },
          system: loinc,
          start: start as string,
          value: "kg",
        },
      ],
    },
  });
  const found = "select measurement_date, measurement_datetime from cdm.measurement";

  it.each([
    ["as %m/%d/%Y", "02/29/2020", { format: "%m/%d/%Y" }, "2020-02-29", null],
    ["with time", "29.02.2020 07:05", { format: "%d.%m.%Y %H:%M" }, "2020-02-29", "2020-02-29T07:05:00"],
    ["of which only the month is known", "02/2020", { format: "%m/%Y" }, "2020-02-01", null],
    [
      "in milliseconds, which is no day but a moment",
      "1582959900000",
      { format: "epoch milliseconds" },
      "2020-02-29",
      "2020-02-29T07:05:00",
    ],
    [
      "in seconds, on the clock of a zone",
      "1582948800",
      { format: "epoch seconds", zone: "America/New_York" },
      "2020-02-28",
      "2020-02-28T23:00:00",
    ],
    [
      "in the first of several formats that fits",
      "2020-02-29",
      { format: ["%m/%d/%Y", "%Y-%m-%d"] },
      "2020-02-29",
      null,
    ],
    ["as ISO 8601 with the offset dropped", "2020-02-29T02:00:00Z", {}, "2020-02-29", "2020-02-29T02:00:00"],
    [
      "as ISO 8601 on the clock of a zone",
      "2020-02-29T02:00:00Z",
      { zone: "America/New_York" },
      "2020-02-28",
      "2020-02-28T21:00:00",
    ],
    [
      "without offset, which is on that clock already",
      "2020-02-29T02:00:00",
      { zone: "America/New_York" },
      "2020-02-29",
      "2020-02-29T02:00:00",
    ],
    [
      "with an offset of its own",
      "29.02.2020 02:00 +0100",
      { format: "%d.%m.%Y %H:%M %z", zone: "America/New_York" },
      "2020-02-28",
      "2020-02-28T20:00:00",
    ],
  ])("may be written %s", async (_how, text, style, measurement_date, measurement_datetime) => {
    const contents = { ...twoPeople, "weights.csv": `who,day,kg\np1,${text},70\n` };
    await using ofFile = await mapCsv(contents, weights("day", style));
    expect(await ofFile.rows(found)).toEqual([{ measurement_date, measurement_datetime }]);
    await using ofColumn = await mapCsv(contents, weights({ column: "day", ...style }));
    expect(await ofColumn.rows(found)).toEqual([{ measurement_date, measurement_datetime }]);
  });

  it("may be written alike in all files, but for those that say so", async () => {
    await using mapped = await mapCsv(
      { "people.csv": "id,born,sex\np1,01.06.1950,F\n", "weights.csv": "who,day,kg\np1,02/29/2020,70\n" },
      weights("day", { format: "%m/%d/%Y" }),
      { dates: { format: "%d.%m.%Y" } },
    );
    expect(await mapped.rows("select month_of_birth, measurement_date from cdm.person, cdm.measurement")).toEqual([
      { month_of_birth: 6, measurement_date: "2020-02-29" },
    ]);
  });

  it.each([
    ["by formats, of which the next then counts", { format: ["%d/%m/%Y", "%d/%m/%y"] }, "2020-04-03"],
    ["by a format that says so", { format: "%d/%m/%Y" }, undefined],
    ["as ISO 8601", {}, undefined],
  ])("of years with two digits are not of the first century: %s", async (_how, style, day) => {
    await using mapped = await mapCsv(
      { ...twoPeople, "weights.csv": "who,day,kg\np1,03/04/20,70\n" },
      weights("day", style),
    );
    expect(await mapped.rows(found)).toEqual(
      day === undefined ? [] : [{ measurement_date: day, measurement_datetime: null }],
    );
    if (day === undefined) expect(mapped.report.dropped[0]?.reason).toBe("BAD_DATE");
  });

  it("that are none are named as such", async () => {
    await using mapped = await mapCsv(
      { ...twoPeople, "weights.csv": "who,day,kg\np1,31/02/2020,70\np1,,70\n" },
      weights("day", { format: "%d/%m/%Y" }),
    );
    expect(mapped.report.dropped).toEqual([
      { resource_type: "weights.csv", reason: "BAD_DATE", count: 1 },
      { resource_type: "weights.csv", reason: "NO_DATE", count: 1 },
    ]);
  });
});

it("an end that cannot be read is told, and its row kept", async () => {
  const files = {
    ...people,
    "stays.csv": {
      dates: { format: "%d.%m.%Y" },
      visit: { id: "id", person: "who", start: "from", end: "to" },
      events: [{ kind: "condition" as const, person: "who", display: "why", start: "from", end: "to" }],
      payerPlan: { person: "who", start: "from", end: "to", payerName: { constant: "payer" } },
    },
  };
  const stays =
    "id,who,from,to,why\n1,p1,01.02.2020,03.02.2020,Fever\n2,p1,01.03.2020,31/03/20,Fever\n3,p1,01.04.2020,,Fever\n";
  await using mapped = await mapCsv({ ...twoPeople, "stays.csv": stays }, files);
  expect(mapped.report.resources).toMatchObject({ mapped: 5, dropped: 0 });
  expect(mapped.report.dropped_parts).toEqual([{ resource_type: "stays.csv", reason: "BAD_END", count: 3 }]);
});

it("a visit or provider that a row names and that is not there is told, and the row kept without it", async () => {
  const files = {
    ...people,
    "doctors.csv": { provider: { id: "id" } },
    "stays.csv": { visit: { id: "id", person: "who", start: "day", provider: "doctor" } },
    "findings.csv": {
      events: [
        { kind: "condition" as const, person: "who", visit: "stay", provider: "doctor", display: "why", start: "day" },
      ],
      notes: [{ person: "who", visit: "stay", text: "why", start: "day" }],
    },
  };
  await using mapped = await mapCsv(
    {
      ...twoPeople,
      "doctors.csv": "id\nd1\n",
      "stays.csv": "id,who,day,doctor\n1,p1,2020-01-01,d1\n2,p2,2020-01-01,d2\n3,p2,,d1\n",
      "findings.csv":
        "who,stay,doctor,day,why\np1,1,d1,2020-01-01,Fever\np1,2,d1,2020-01-01,Fever\np2,3,,2020-01-01,Fever\n" +
        "p2,,d2,2020-01-01,Fever\np3,4,d3,2020-01-01,Fever\n",
    },
    files,
  );
  expect(mapped.report.dropped.map(({ reason, count }) => [reason, count])).toEqual([
    ["NO_PERSON", 1],
    ["NO_DATE", 1],
  ]);
  // A visit of another person and one that was dropped, each named by an event and a note.
  expect(mapped.report.dropped_parts).toEqual([
    { resource_type: "findings.csv", reason: "NO_VISIT", count: 4 },
    { resource_type: "findings.csv", reason: "NO_PROVIDER", count: 1 },
    { resource_type: "stays.csv", reason: "NO_PROVIDER", count: 1 },
  ]);
});

describe("a row that is several records", () => {
  it("is all of them; what several rows are about is one record, and each row is accounted for", async () => {
    await using mapped = await mapCsv(
      {
        "study.csv":
          "patient,born,sex,stay,day,kg,cm,remark,charge\n" +
          "p1,1950,F,s1,2020-01-01,70,170,Feels well,12.50\n" +
          "p1,1950,F,s1,2020-01-01,71,,,\n" +
          "p2,,M,s2,2020-01-02,,,,\n",
      },
      {
        "study.csv": {
          person: { id: "patient", birthDate: "born", gender: "sex" },
          visit: { id: "stay", person: "patient", start: "day", class: { constant: "outpatient" } },
          events: [
            {
              kind: "observation",
              person: "patient",
              visit: "stay",
              start: "day",
              system: loinc,
              unpivot: { columns: { kg: { code: "29463-7", unit: "kg" }, cm: { code: "8302-2", unit: "cm" } } },
            },
          ],
          notes: [{ person: "patient", visit: "stay", start: "day", text: "remark", when: "remark" }],
          costs: [{ person: "patient", visit: "stay", totalCharge: "charge", currency: { constant: "USD" } }],
        },
      },
    );
    expect(mapped.report.resources).toMatchObject({ read: 3, mapped: 2, dropped: 1 });
    expect(mapped.report.tables).toMatchObject({ person: 1, visit_occurrence: 1, measurement: 3, note: 1, cost: 1 });
    expect(mapped.report.dropped).toEqual([{ resource_type: "study.csv", reason: "NO_BIRTH_DATE", count: 1 }]);
    expect(
      await mapped.rows(
        `select measurement_source_value, value_as_number, unit_source_value, visit_occurrence_id is not null as at_visit
         from cdm.measurement order by all`,
      ),
    ).toEqual([
      { measurement_source_value: "29463-7", value_as_number: 70, unit_source_value: "kg", at_visit: true },
      { measurement_source_value: "29463-7", value_as_number: 71, unit_source_value: "kg", at_visit: true },
      { measurement_source_value: "8302-2", value_as_number: 170, unit_source_value: "cm", at_visit: true },
    ]);
    expect(await mapped.rows("select total_charge, cost_domain_id, currency_concept_id from cdm.cost")).toMatchObject([
      { total_charge: 12.5, cost_domain_id: "Visit" },
    ]);
  });
});

describe("columns that are codes", () => {
  it("are one event each", async () => {
    await using mapped = await mapCsv(
      { ...twoPeople, "bills.csv": "who,day,DX1,DX2,DX3\np1,2020-01-01,K92.2,,R53.1\n" },
      {
        ...people,
        "bills.csv": {
          events: [
            {
              kind: "condition",
              person: "who",
              start: "day",
              system: "http://hl7.org/fhir/sid/icd-10-cm",
              unpivot: { into: "code", columns: ["DX1", "DX2", "DX3"] },
            },
          ],
        },
      },
    );
    expect(
      await mapped.rows(
        `select code from (select condition_source_value as code from cdm.condition_occurrence
         union all select observation_source_value from cdm.observation) order by code`,
      ),
    ).toEqual([{ code: "K92.2" }, { code: "R53.1" }]);
  });
});

describe("numbers", () => {
  const files = {
    ...people,
    "values.csv": {
      delimiter: ";",
      events: [
        {
          kind: "observation" as const,
          person: "who",
          start: "day",
          system: loinc,
          unpivot: { columns: { hb: { code: "718-7" }, plt: { code: "777-3" } } },
        },
      ],
    },
  };
  const contents = {
    ...twoPeople,
    "values.csv": "who;day;hb;plt\np1;2020-02-29;<0,9;1.250,5\np2;2020-02-29;n.b.;12\n",
  };
  const found = `select value_source_value as said, value_as_number as number, operator_concept_id is not null as compared
    from cdm.measurement order by all`;

  it("have a decimal comma where the mapping or the file says so, and are kept as they were written", async () => {
    await using mapped = await mapCsv(contents, files, { decimal: "," });
    expect(await mapped.rows(found)).toMatchObject([
      { said: "1.250,5", number: 1250.5, compared: false },
      { said: "12", number: 12, compared: false },
      { said: "<0,9", number: 0.9, compared: true },
      { said: "n.b.", number: null, compared: false },
    ]);
  });

  it("with a point among decimal commas have thousands only where there can be some", async () => {
    const numbers = ["70.5", "1.250", "-1.250.000,5", "0.250", "1250.500", "<1.250"];
    const rows = numbers.map((number, i) => `p1;2020-02-2${i};${number};\n`);
    await using mapped = await mapCsv({ ...twoPeople, "values.csv": `who;day;hb;plt\n${rows.join("")}` }, files, {
      decimal: ",",
    });
    expect(await mapped.rows("select value_as_number as n from cdm.measurement order by measurement_date")).toEqual(
      [70.5, 1250, -1250000.5, 0.25, 1250.5, 1250].map((n) => ({ n })),
    );
  });

  it("that SQL computes are what it computes, also in a file of decimal commas", async () => {
    const computed = { sql: "round(replace(hb, ',', '.')::double * 1.61, 3)" };
    const { unpivot: _unpivot, ...event } = files["values.csv"].events[0]!;
    const ofFile = {
      ...files["values.csv"],
      decimal: "," as const,
      events: [{ ...event, code: { constant: "718-7" }, value: computed, rangeLow: { sql: "coalesce(plt, hb)" } }],
    };
    await using mapped = await mapCsv(
      { ...twoPeople, "values.csv": "who;day;hb;plt\np1;2020-02-29;1,5;\n" },
      { ...files, "values.csv": ofFile },
    );
    expect(await mapped.rows("select value_as_number, range_low from cdm.measurement")).toEqual([
      { value_as_number: 2.415, range_low: 1.5 },
    ]);
  });

  it("with a comma are texts where nothing is said", async () => {
    await using mapped = await mapCsv(contents, files);
    const numbers = await mapped.rows("select value_as_number from cdm.measurement where value_as_number is not null");
    expect(numbers).toEqual([{ value_as_number: 12 }]);
  });

  it("of wide files are in their columns, and nowhere else", async () => {
    const [event] = files["values.csv"].events;
    const wrong = { ...files, "values.csv": { ...files["values.csv"], events: [{ ...event!, value: "hb" }] } };
    await expect(mapCsv(contents, wrong)).rejects.toThrow(
      "values.csv, events[0].value: is what the columns of unpivot hold",
    );
  });
});

describe("a file that is joined", () => {
  const files = {
    ...people,
    "stays.csv": { visit: { id: "id", person: "who", start: "from" } },
    "drugs.csv": {
      join: { stay: { file: "stays.csv", on: { visit: "id" } }, name: { file: "names.csv", on: { rx: "code" } } },
      events: [
        {
          kind: "drug" as const,
          person: "stay.who",
          visit: "visit",
          start: ["given", "stay.from"],
          code: "rx",
          system: "http://www.nlm.nih.gov/research/umls/rxnorm",
          display: "name.words",
        },
      ],
    },
    "names.csv": {},
  };
  const contents = {
    ...twoPeople,
    "stays.csv": "id,who,from\nv1,p1,2020-05-01\n",
    "drugs.csv": "visit,rx,given\nv1,312961,\nv1,1,2020-05-02\n",
  };

  it("lends its columns, one row a key, and its rows are accounted for as used through others", async () => {
    await using mapped = await mapCsv(
      { ...contents, "names.csv": "code,words\n1,Something\n1,Something else\n" },
      files,
    );
    expect(mapped.report.resources.by_type["names.csv"]).toMatchObject({ read: 2, reference: 2 });
    expect(mapped.report.resources.by_type["drugs.csv"]).toMatchObject({ read: 2, mapped: 2 });
    expect(
      await mapped.rows(
        "select person_source_value, drug_exposure_start_date from cdm.drug_exposure join cdm.person using (person_id) order by 2",
      ),
    ).toEqual([
      { person_source_value: "p1", drug_exposure_start_date: "2020-05-01" },
      { person_source_value: "p1", drug_exposure_start_date: "2020-05-02" },
    ]);
  });

  it("may be missing", async () => {
    await using mapped = await mapCsv(contents, files);
    expect(mapped.report.resources.by_type["drugs.csv"]).toMatchObject({ read: 2, mapped: 2 });
  });
});

describe("conditions", () => {
  it.each([
    ["a column that is not empty", "b", ["2"]],
    ["an empty one", { empty: "b" }, ["1", "3"]],
    ["one of several texts", { column: "a", equals: ["x", "y"] }, ["1", "2"]],
    ["none of several texts", { column: "a", not: ["x"] }, ["2", "3"]],
    ["all of a list", [{ column: "a", not: "x" }, { empty: "b" }], ["3"]],
    ["any of a list", { any: ["b", { empty: "a" }] }, ["2", "3"]],
    ["SQL", { sql: "a < 'y'" }, ["1"]],
  ])("may be %s", async (_what, when, expected) => {
    await using mapped = await mapCsv(
      { ...twoPeople, "rows.csv": "n,a,b\n1,x,\n2,y,1\n3,,\n" },
      {
        ...people,
        "rows.csv": {
          when,
          events: [
            {
              kind: "condition",
              person: { constant: "p1" },
              start: { constant: "2020" },
              display: { sql: "'row ' || n" },
            },
          ],
        },
      },
    );
    const rows = await mapped.rows("select condition_source_value as row from cdm.condition_occurrence order by 1");
    expect(rows).toEqual(expected.map((n) => ({ row: `row ${n}` })));
    expect(mapped.report.dropped).toEqual([
      { resource_type: "rows.csv", reason: "NO_EVENT", count: 3 - expected.length },
    ]);
  });
});

describe("providers and care sites", () => {
  it("are found by those who name them", async () => {
    await using mapped = await mapCsv(
      {
        ...twoPeople,
        "sites.csv": "id,name,town\nh1,General Hospital,Boston\n",
        "doctors.csv": "id,site,field\nd1,h1,Cardiology\n",
        "stays.csv": "id,who,from,doctor,site\nv1,p1,2020-05-01,d1,h1\n",
        "plans.csv": "who,from,to,payer\np1,2019-01-01,2019-12-31,Northern Health\n",
      },
      {
        ...people,
        "sites.csv": { careSite: { id: "id", name: "name", address: { city: "town" } } },
        "doctors.csv": { provider: { id: "id", careSite: "site", specialtyName: "field" } },
        "stays.csv": { visit: { id: "id", person: "who", start: "from", provider: "doctor", careSite: "site" } },
        "plans.csv": { payerPlan: { person: "who", start: "from", end: "to", payerName: "payer" } },
      },
    );
    expect(
      await mapped.rows(
        `select care_site_name, city, specialty_source_value, provider.care_site_id = visit.care_site_id as there
         from cdm.visit_occurrence visit join cdm.provider using (provider_id)
         join cdm.care_site site on site.care_site_id = visit.care_site_id join cdm.location using (location_id)`,
      ),
    ).toEqual([
      { care_site_name: "General Hospital", city: "Boston", specialty_source_value: "Cardiology", there: true },
    ]);
    expect(
      await mapped.rows("select payer_source_value, payer_plan_period_end_date from cdm.payer_plan_period"),
    ).toEqual([{ payer_source_value: "Northern Health", payer_plan_period_end_date: "2019-12-31" }]);
  });
});

describe("devices, allergies, specimens, coded answers", () => {
  it("go where their kind or domain leads", async () => {
    await using mapped = await mapCsv(
      {
        ...twoPeople,
        "devices.csv": "who,day,what,udi\np1,2020-01-01,Stent,(01)123\n",
        "allergies.csv": "who,day,what,kind,of\np1,2020-01-01,Peanut,allergy,food\n",
        "tubes.csv": "who,day,what,n\np1,2020-01-01,Blood,2\n",
        "answers.csv": "who,day,answer\np1,2020-01-01,266919005\n",
      },
      {
        ...people,
        "devices.csv": {
          events: [{ kind: "device", person: "who", start: "day", display: "what", uniqueDeviceId: "udi" }],
        },
        "allergies.csv": {
          events: [
            { kind: "allergy", person: "who", start: "day", display: "what", allergyType: "kind", category: "of" },
          ],
        },
        "tubes.csv": { events: [{ kind: "specimen", person: "who", start: "day", display: "what", quantity: "n" }] },
        "answers.csv": {
          events: [
            {
              kind: "observation",
              person: "who",
              start: "day",
              code: { constant: "72166-2" },
              system: loinc,
              value: "answer",
              valueSystem: snomed,
            },
          ],
        },
      },
    );
    expect(mapped.report.tables).toMatchObject({ device_exposure: 1, specimen: 1, observation: 2 });
    expect(mapped.report.resources.mapped).toBe(6);
    expect(await mapped.rows("select unique_device_id from cdm.device_exposure")).toEqual([
      { unique_device_id: "(01)123" },
    ]);
  });
});

describe("units", () => {
  it("are as written, but F and C are degrees", async () => {
    await using mapped = await mapCsv(
      {
        ...twoPeople,
        "vitals.csv": "who,day,t,unit\np1,2020-01-01,98.6,F\np1,2020-01-02,37,C\np1,2020-01-03,37,Cel\n",
      },
      {
        ...people,
        "vitals.csv": {
          events: [
            {
              kind: "observation",
              person: "who",
              start: "day",
              code: { constant: "8310-5" },
              system: loinc,
              value: "t",
              unit: "unit",
            },
          ],
        },
      },
    );
    expect(await mapped.rows("select unit_source_value from cdm.measurement order by measurement_date")).toEqual([
      { unit_source_value: "[degF]" },
      { unit_source_value: "Cel" },
      { unit_source_value: "Cel" },
    ]);
  });
});

describe("file names", () => {
  it("may be patterns; the files of one pattern are one table, and a name goes before a pattern", async () => {
    const condition = { kind: "condition" as const, person: "who", start: "day", display: "what" };
    await using mapped = await mapCsv(
      {
        ...twoPeople,
        "conditions_2019.csv": "who,day,what\np1,2019-01-01,Cough\n",
        "conditions_2020.csv": "who,what,day,more\np1,Fever,2020-01-01,x\n",
        "conditions_old.csv": "patient,day,what\np1,2010-01-01,Old cough\n",
      },
      {
        ...people,
        "conditions_*.csv": { events: [condition] },
        "conditions_old.csv": { events: [{ ...condition, person: "patient" }] },
      },
    );
    expect(mapped.report.resources.by_type["conditions_*.csv"]).toMatchObject({ read: 2, mapped: 2 });
    expect(mapped.report.resources.by_type["conditions_old.csv"]).toMatchObject({ read: 1, mapped: 1 });
  });
});

describe("rows with one id", () => {
  const event = { kind: "condition", person: "who", start: "day", display: "what" } as const;

  it("are one event, of the first by content, and all accounted for", async () => {
    await using mapped = await mapCsv(
      {
        ...twoPeople,
        "images.csv":
          "study,who,day,what,image\ns,p1,2020-01-01,Cough,1\ns,p1,2020-01-01,Cough,2\n,p1,2020-01-02,Cough,3\n",
      },
      { ...people, "images.csv": { events: [{ ...event, id: "study" }] } },
    );
    expect(mapped.report.resources.by_type["images.csv"]).toMatchObject({ read: 3, mapped: 3 });
    expect(mapped.report.tables).toMatchObject({ condition_occurrence: 2 });
  });

  it("are one cost of what the first of the joined files names, or the visit, with all amounts added up", async () => {
    const lines = [
      "a,p1,v,1,cough,0.1,",
      "a,p1,v,2,cough,0.2,",
      "a,p1,v,3,cough,,0.25",
      "b,p1,v,1,nothing of the sort,7,",
      "c,p1,v,1,cough,,",
      ",p1,v,1,cough,5,",
    ];
    await using mapped = await mapCsv(
      {
        ...twoPeople,
        "stays.csv": "stay,who,day\nv,p1,2020-01-01\n",
        "coughs.csv": "stay,who,day,what\nv,p1,2020-01-01,cough\n",
        "bills.csv": `bill,who,stay,line,what,charged,paid\n${lines.join("\n")}\n`,
      },
      {
        ...people,
        "stays.csv": { visit: { id: "stay", person: "who", start: "day" } },
        "coughs.csv": { events: [event] },
        "bills.csv": {
          join: { cough: { file: "coughs.csv", on: { stay: "stay", what: "what" } } },
          costs: [
            { id: "bill", of: ["cough"], person: "who", visit: "stay", totalCharge: "charged", paidByPayer: "paid" },
          ],
        },
      },
    );
    const costs = "select cost_domain_id as what, total_charge, paid_by_payer from cdm.cost order by all";
    expect(await mapped.rows(costs)).toEqual([
      { what: "Condition", total_charge: 0.1 + 0.2, paid_by_payer: 0.25 },
      { what: "Condition", total_charge: 5, paid_by_payer: null },
      { what: "Visit", total_charge: 7, paid_by_payer: null },
    ]);
    expect(mapped.report.resources.by_type["bills.csv"]).toMatchObject({ read: 6, mapped: 5, dropped: 1 });
    expect(mapped.report.dropped).toContainEqual({ resource_type: "bills.csv", reason: "NO_AMOUNT", count: 1 });
  });

  it("were paid by the insurance period that they name, else by their payer's on the day", async () => {
    await using mapped = await mapCsv(
      {
        ...twoPeople,
        "plans.csv":
          "plan,who,from,to,insurer\na,p1,2019-01-01,2020-01-01,north\nb,p1,2020-01-01,,north\nc,p2,2019-01-01,,north\n",
        "stays.csv": [
          "stay,who,day,plan,insurer,charged",
          "named,p1,2019-05-01,b,north,1",
          "first period,p1,2019-05-01,,north,2",
          "day of change,p1,2020-01-01,,north,3",
          "too early,p1,2018-12-31,,north,4",
          "nobody's,p1,2019-05-01,,south,5",
          "stranger's,p1,2019-05-01,c,,6",
          "",
        ].join("\n"),
      },
      {
        ...people,
        "plans.csv": { payerPlan: { id: "plan", person: "who", start: "from", end: "to", payerId: "insurer" } },
        "stays.csv": {
          visit: { id: "stay", person: "who", start: "day" },
          costs: [{ person: "who", payerPlan: "plan", payerId: "insurer", start: "day", totalCharge: "charged" }],
        },
      },
    );
    const paidBy = `select total_charge, resource_id as plan
      from cdm.cost
      left join mapping.lineage on cdm_table = 'payer_plan_period' and cdm_id = payer_plan_period_id
      order by total_charge`;
    expect(await mapped.rows(paidBy)).toEqual([
      { total_charge: 1, plan: "b" },
      { total_charge: 2, plan: "a" },
      { total_charge: 3, plan: "b" },
      { total_charge: 4, plan: null },
      { total_charge: 5, plan: null },
      { total_charge: 6, plan: null },
    ]);
  });
});
