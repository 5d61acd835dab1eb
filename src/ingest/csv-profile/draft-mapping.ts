import { Document } from "yaml";
import { type CsvMappingInput, csvTableName } from "../../../schemas/csv-mapping.ts";
import { type ColumnRole, columnsByRole, nameKey } from "./column-roles.ts";
import type { CsvColumnProfile, CsvFileProfile } from "./profile-csv.ts";

/** What one file becomes, or why it becomes nothing; and what a reader should look at. */
interface Draft {
  readonly mapping?: CsvMappingInput["files"][string];
  readonly remarks: readonly string[];
}

type Roles = { readonly [Role in ColumnRole]?: string | undefined };

/**
 * The draft of a mapping for the files that were profiled, as YAML: it runs as it is where columns are named as is usual, and
 * is to be read and completed by somebody who knows the data. Comments say what is uncertain; files that are not understood are
 * listed as ignored, with the reason.
 *
 * @example
 * await writeFile("hospital.yaml", draftCsvMapping(await profileCsv("export/")));
 */
export function draftCsvMapping(profiles: readonly CsvFileProfile[], name = "draft"): string {
  const drafts = profiles.map((file) => ({ file, ...draftFile(file) }));
  const mapped = uniqueTables(drafts.filter(({ mapping }) => mapping !== undefined));
  const ignored = drafts.filter((draft) => !mapped.includes(draft));
  const document = new Document({
    name,
    files: Object.fromEntries(mapped.map(({ file, mapping }) => [file.name, mapping])),
    ...(ignored.length > 0 ? { ignored: ignored.map(({ file }) => file.name) } : {}),
  });
  document.commentBefore =
    " A draft, made from the names of columns and what is in them. Read it, complete it, and compare the report of a run with\n" +
    " what you know of the data.";
  for (const { file, remarks } of mapped) comment(document, ["files", file.name], remarks);
  for (const [i, { remarks }] of ignored.entries()) comment(document, ["ignored", i], remarks);
  return document.toString({ lineWidth: 120 });
}

/** Two files of one name, in different folders, would share a table: the first is taken. */
function uniqueTables<D extends { readonly file: CsvFileProfile }>(drafts: readonly D[]): D[] {
  const first = new Map(drafts.toReversed().map((draft) => [csvTableName(draft.file.name), draft]));
  return drafts.filter((draft) => first.get(csvTableName(draft.file.name)) === draft);
}

function comment(document: Document, path: readonly (string | number)[], remarks: readonly string[]): void {
  if (remarks.length === 0) return;
  const parent = document.getIn(path.slice(0, -1), true) as {
    items: { key?: { value: unknown; commentBefore?: string } }[];
  };
  const last = path.at(-1)!;
  const node =
    typeof last === "number" ? document.getIn(path, true) : parent.items.find(({ key }) => key?.value === last)?.key;
  (node as { commentBefore?: string }).commentBefore = remarks.map((remark) => ` ${remark}`).join("\n");
}

function draftFile(file: CsvFileProfile): Draft {
  if (file.problem) return { remarks: [`could not be read: ${file.problem}`] };
  const roles = columnsByRole(file.columns.map(({ name }) => name));
  const column = (name: string | undefined) => file.columns.find((one) => one.name === name);
  const isUnique = (name: string | undefined) => {
    const found = column(name);
    return found !== undefined && found.filled === file.rows && found.distinct === file.rows;
  };
  const own = roles.id ?? roles.person;
  const isOfPersons = isUnique(own) && (roles.id === undefined || roles.person === undefined);
  if (isOfPersons && roles.birthDate !== undefined) return draftPerson({ ...roles, id: own }, column);
  if (roles.person === undefined) return { remarks: ["no column of patients was recognised"] };
  const key = nameKey(file.name);
  if (/claim|bill|charge/.test(key))
    return { remarks: ["bills: what they name was most often recorded elsewhere, too"] };
  const isVisit = /encounter|visit|stay|admission/.test(key);
  const visit = [roles.id, roles.visit].find(isUnique);
  if (isVisit && visit !== undefined && roles.start !== undefined) return draftVisit({ ...roles, id: visit }, column);
  return draftEvents(file, roles, column);
}

type Column = (name: string | undefined) => CsvColumnProfile | undefined;

const races = { white: "2106-3", black: "2054-5", asian: "2028-9", native: "1002-5", hawaiian: "2076-8" };
const racesInFull = {
  White: "2106-3",
  Black: "2054-5",
  "Black or African American": "2054-5",
  Asian: "2028-9",
  "American Indian or Alaska Native": "1002-5",
  "Native Hawaiian or Other Pacific Islander": "2076-8",
};
const ethnicities = { hispanic: "2135-2", nonhispanic: "2186-5" };
const ethnicitiesInFull = { "Hispanic or Latino": "2135-2", "Not Hispanic or Latino": "2186-5" };

/** A column with the words for its values: those in capitals where it has such. */
function worded(
  column: CsvColumnProfile | undefined,
  words: Words,
  inFull: Words,
): { column: string; values: Words } | undefined {
  if (column === undefined) return undefined;
  return { column: column.name, values: /^\p{Lu}/u.test(column.values?.[0]?.value ?? "") ? inFull : words };
}

type Words = Record<string, string>;

function draftPerson(roles: Roles, column: Column): Draft {
  const { line, city, county, state, zip, country } = roles;
  const address = filled({ line, city, county, state, zip, country });
  const person = filled({
    id: roles.id!,
    birthDate: roles.birthDate!,
    deathDate: roles.deathDate,
    gender: roles.gender,
    race: worded(column(roles.race), races, racesInFull),
    ethnicity: worded(column(roles.ethnicity), ethnicities, ethnicitiesInFull),
    address: Object.keys(address).length === 0 ? undefined : address,
  });
  return { mapping: { person }, remarks: remarksOn([roles.birthDate, roles.deathDate], column) };
}

function draftVisit(roles: Roles, column: Column): Draft {
  const visit = filled({
    id: roles.id!,
    person: roles.person!,
    class: roles.class,
    start: roles.start!,
    end: roles.end,
  });
  return { mapping: { visit }, remarks: remarksOn([roles.start, roles.end], column) };
}

type Event = NonNullable<CsvMappingInput["files"][string]["events"]>[number];

const kindOfVocabulary: Readonly<Record<string, Event["kind"]>> = {
  LOINC: "observation",
  RxNorm: "drug",
  NDC: "drug",
  ATC: "drug",
  CVX: "vaccine",
};

function draftEvents(file: CsvFileProfile, roles: Roles, column: Column): Draft {
  const isDate = ({ type }: CsvColumnProfile) => type === "date" || type === "datetime";
  const start =
    roles.start ?? file.columns.find((one) => isDate(one) && ![roles.birthDate, roles.end].includes(one.name))?.name;
  if (start === undefined) return { remarks: ["no column of dates was recognised"] };
  const coded = file.columns.filter(({ codeSystems }) => codeSystems.length > 0);
  const code = coded.find(({ name }) => name === roles.code) ?? coded[0];
  const system = code?.codeSystems[0];
  if (code === undefined || system === undefined) return { remarks: ["no column of codes was recognised"] };
  const kind = kindOf(file, system.vocabulary, roles);
  const both = filled({
    person: roles.person!,
    visit: roles.visit,
    code: code.name,
    system: system.system,
    display: roles.display,
    start,
    end: roles.end,
  });
  const { category, value, unit, rangeLow, rangeHigh, quantity, daysSupply, refills, sig, lotNumber } = roles;
  const event: Event =
    kind === "observation"
      ? { kind, ...both, ...filled({ category, value, unit, rangeLow, rangeHigh }) }
      : kind === "drug"
        ? { kind, ...both, ...filled({ quantity, daysSupply, refills, sig }) }
        : kind === "vaccine"
          ? { kind, ...both, ...filled({ quantity, lotNumber }) }
          : { kind, ...both };
  const others = coded.filter(({ name }) => name !== code.name).map(({ name }) => name);
  return {
    mapping: { events: [event] },
    remarks: [
      ...(system.shape === 1
        ? []
        : [`${code.name}: ${percent(1 - system.shape)} of the values do not look like ${system.vocabulary}`]),
      ...(others.length === 0 ? [] : [`not mapped, though they look like codes: ${others.join(", ")}`]),
      ...remarksOn([start, roles.end], column),
    ],
  };
}

/** SNOMED CT and the ICD have codes for nearly everything: the name of the file says which it is. */
function kindOf(file: CsvFileProfile, vocabulary: string, roles: Roles): Event["kind"] {
  const key = nameKey(file.name);
  const kind = kindOfVocabulary[vocabulary];
  if (kind !== undefined) return kind;
  if (/proc|surg|oper|imaging/.test(key)) return "procedure";
  if (roles.value !== undefined || /obs|lab|vital|result|survey|allerg|social/.test(key)) return "observation";
  return "condition";
}

const isoFormats = new Set(["%Y-%m-%d", "%Y-%m", "%Y"]);

function remarksOn(dates: readonly (string | undefined)[], column: Column): string[] {
  return dates.flatMap((name) => {
    const { dateFormats = [], type, filled: rows = 0 } = column(name) ?? {};
    if (rows === 0) return [];
    if (dateFormats.length === 0) return [`${name}: does not look like dates (${type})`];
    return dateFormats.every((format) => isoFormats.has(format))
      ? []
      : [`${name}: written ${dateFormats.join(" or ")}`];
  });
}

function percent(share: number): string {
  return `${Math.ceil(share * 100)} %`;
}

/** Without what is undefined. */
function filled<Fields extends object>(fields: Fields): { [Name in keyof Fields]: Exclude<Fields[Name], undefined> } {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as never;
}
