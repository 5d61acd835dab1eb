import type { CsvMappingInput } from "../../../schemas/csv-mapping.ts";
import { nameKey } from "./column-roles.ts";
import { type Column, type Draft, dateOf, filled, type Roles, remarksOn } from "./draft-file.ts";
import { measureOf, systemLabels } from "./known-words.ts";
import type { CsvColumnProfile, CsvFileProfile } from "./profile-csv.ts";

type Event = NonNullable<CsvMappingInput["files"][string]["events"]>[number];

/** What happened to patients: codes with their dates, texts, or several measures a row. */
export function draftEvents(file: CsvFileProfile, roles: Roles, column: Column): Draft {
  const start = startOf(file, roles);
  if (start === undefined) return { remarks: ["no column of dates was recognised"] };
  const { person, visit, provider, end } = roles;
  const ofAll = filled({
    person: person!,
    visit,
    provider,
    start: dateOf(start, column),
    end: end && dateOf(end, column),
  });
  const remarks = remarksOn([start, end], column);
  const coded = file.columns.filter(({ codeSystems }) => codeSystems.length > 0);
  const named = column(roles.code);
  const saysItsSystem = roles.system !== undefined && named !== undefined && named.filled > 0;
  const code = saysItsSystem ? named : (coded.find(({ name }) => name === roles.code) ?? coded[0]);
  if (code !== undefined) {
    const others = coded.filter(({ name }) => name !== code.name).map(({ name }) => name);
    return {
      mapping: { events: [codedEvent(file, code, roles, ofAll)] },
      remarks: [
        ...remarksOnCodes(code),
        ...(others.length === 0 ? [] : [`not mapped, though they look like codes: ${others.join(", ")}`]),
        ...remarks,
      ],
    };
  }
  if (column(roles.text)?.type === "text" && column(roles.text)!.longest > 100) {
    const { end: _end, ...ofNote } = ofAll;
    return { mapping: { notes: [filled({ ...ofNote, text: roles.text!, title: roles.name })] }, remarks };
  }
  return draftWide(file, ofAll, remarks) ?? { remarks: ["no column of codes was recognised"] };
}

function startOf({ columns }: CsvFileProfile, { start, end, birthDate, deathDate }: Roles): string | undefined {
  const isDate = ({ name, type }: CsvColumnProfile) =>
    type.startsWith("date") && ![end, birthDate, deathDate].includes(name);
  return start ?? columns.find(isDate)?.name;
}

type OfAll = Pick<Event, "person" | "start"> & Partial<Pick<Event, "visit" | "provider" | "end">>;

function codedEvent(file: CsvFileProfile, code: CsvColumnProfile, roles: Roles, ofAll: OfAll): Event {
  const { vocabulary = "" } = code.codeSystems[0] ?? {};
  const { category, value, unit, rangeLow, rangeHigh, quantity, daysSupply, refills, sig, lotNumber } = roles;
  const both = filled({
    ...ofAll,
    code: code.name,
    system: systemOf(code, roles),
    display: roles.display,
  });
  const kind = kindOf(file, vocabulary, roles);
  switch (kind) {
    case "observation":
      return { kind, ...both, ...filled({ category, value, unit, rangeLow, rangeHigh }) };
    case "drug":
      return { kind, ...both, ...filled({ quantity, daysSupply, refills, sig }) };
    case "vaccine":
      return { kind, ...both, ...filled({ quantity, lotNumber }) };
    case "device":
      return { kind, ...both, ...filled({ quantity, uniqueDeviceId: roles.uniqueDeviceId }) };
    case "allergy":
      return { kind, ...both, ...filled({ allergyType: roles.allergyType, category }) };
    default:
      return { kind, ...both };
  }
}

/** What the column beside the code says, else what the codes look like. */
function systemOf({ name, codeSystems: [likely] }: CsvColumnProfile, roles: Roles): Event["system"] {
  if (roles.system === undefined || name !== roles.code) return likely?.system;
  const said = { column: roles.system, values: systemLabels };
  return likely === undefined ? said : [said, { constant: likely.system }];
}

type Kind = "condition" | "procedure" | "observation" | "drug" | "vaccine" | "device" | "allergy";

const kindOfVocabulary: Readonly<Record<string, Kind>> = {
  LOINC: "observation",
  RxNorm: "drug",
  NDC: "drug",
  ATC: "drug",
  CVX: "vaccine",
};

/** SNOMED CT and the ICD have codes for nearly everything: the name of the file says which it is. */
function kindOf({ name }: CsvFileProfile, vocabulary: string, roles: Roles): Kind {
  const key = nameKey(name);
  if (/allerg/.test(key)) return "allergy";
  const kind = kindOfVocabulary[vocabulary];
  if (kind !== undefined) return kind;
  if (/device|suppl|implant|equipment|hilfsmittel|dispositiv/.test(key)) return "device";
  if (/proc|surg|operat|imaging|careplan|therap|prozedur|eingriff|^actes?|intervenc|verrichting/.test(key))
    return "procedure";
  if (roles.value !== undefined || /obs|lab|vital|result|survey|social|befund|mess|analys/.test(key))
    return "observation";
  return "condition";
}

function remarksOnCodes({ name, codeSystems }: CsvColumnProfile): string[] {
  const [likely] = codeSystems;
  if (likely === undefined) return [`${name}: of no code system that was recognised`];
  const other = Math.ceil((1 - likely.shape) * 100);
  return other === 0 ? [] : [`${name}: ${other} % of the values do not look like ${likely.vocabulary}`];
}

/** A row of several measures that are known by the names of their columns. */
function draftWide({ columns }: CsvFileProfile, ofAll: OfAll, remarks: readonly string[]): Draft | undefined {
  const measured = columns.flatMap(({ name, type, range }) => {
    const measure = measureOf(nameKey(name), range);
    return measure !== undefined && ["integer", "decimal"].includes(type) ? [[name, measure] as const] : [];
  });
  if (measured.length < 2) return undefined;
  const { end: _end, ...ofEach } = ofAll;
  return {
    mapping: {
      events: [
        {
          kind: "observation",
          ...ofEach,
          category: { constant: "vital-signs" },
          system: "http://loinc.org",
          unpivot: { columns: Object.fromEntries(measured) },
        },
      ],
    },
    remarks: ["units are guessed from the names of the columns", ...remarks],
  };
}
