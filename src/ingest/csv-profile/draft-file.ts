import type { CsvMappingInput } from "../../../schemas/csv-mapping.ts";
import { type ColumnRole, columnsByRole, nameKey } from "./column-roles.ts";
import { draftEvents } from "./draft-events.ts";
import { ethnicities, ethnicitiesInFull, genders, races, racesInFull } from "./known-words.ts";
import type { CsvColumnProfile, CsvFileProfile } from "./profile-csv.ts";

/** What one file becomes, or why it becomes nothing; and what a reader should look at. */
export interface Draft {
  readonly mapping?: CsvMappingInput["files"][string] | undefined;
  readonly remarks: readonly string[];
}

/** The columns of a file by what they are to a mapping. */
export type Roles = { readonly [Role in ColumnRole]?: string | undefined };
export type Column = (name: string | undefined) => CsvColumnProfile | undefined;

/** What a file becomes, by the names and the contents of its columns. */
export function draftFile(file: CsvFileProfile): Draft {
  const { mapping, remarks } = draftByRoles(file);
  const hasCommas = file.columns.some(({ decimalComma }) => decimalComma);
  return { mapping: mapping && hasCommas ? { decimal: ",", ...mapping } : mapping, remarks };
}

function draftByRoles(file: CsvFileProfile): Draft {
  if (file.problem) return { remarks: [`could not be read: ${file.problem}`] };
  const roles = columnsByRole(file.columns.map(({ name }) => name));
  const column: Column = (name) => file.columns.find((one) => one.name === name);
  const isUnique = (name: string | undefined): name is string => {
    const found = column(name);
    return found !== undefined && found.filled === file.rows && found.distinct === file.rows;
  };
  const key = nameKey(file.name);
  const own = roles.id ?? roles.person;
  const isOfPersons = isUnique(own) && (roles.id === undefined || roles.person === undefined);
  if (isOfPersons && roles.birthDate !== undefined) return draftPerson({ ...roles, id: own }, column);
  if (roles.person === undefined) {
    const providers = [roles.id, roles.provider].find(isUnique);
    if (/provider|practitioner|clinician|physician|doctor|arzt|medecin|medico/.test(key) && providers)
      return draftProvider(roles, providers);
    const places = [roles.id, roles.careSite].find(isUnique);
    if (
      /organi[sz]ation|facilit|hospital|clinic|caresite|abteilung|klinik|krankenhaus|etablissement|afdeling/.test(
        key,
      ) &&
      places
    )
      return draftCareSite(roles, places);
    return { remarks: ["no column of patients was recognised"] };
  }
  if (/claim|bill|charge(?!n)|rechnung|facture|factura/.test(key))
    return { remarks: ["bills: what they name was most often recorded elsewhere, too"] };
  if (/family|relative|familie|famille|familia/.test(key))
    return { remarks: ["about relatives: what they have is nothing that the patient has"] };
  const visit = [roles.id, roles.visit].find(isUnique);
  if (
    /encounter|visit|stay|admission|^fall|faelle|falle|aufnahme|aufenthalt|sejour|episodio|opname|ricover/.test(key) &&
    visit !== undefined &&
    roles.start !== undefined
  ) {
    return draftVisit({ ...roles, id: visit }, column);
  }
  return draftEvents(file, roles, column);
}

function draftPerson(roles: Roles, column: Column): Draft {
  const address = addressOf(roles);
  const person = filled({
    id: roles.id!,
    birthDate: dateOf(roles.birthDate!, column),
    deathDate: roles.deathDate && dateOf(roles.deathDate, column),
    gender: genderOf(roles.gender),
    race: worded(column(roles.race), races, racesInFull),
    ethnicity: worded(column(roles.ethnicity), ethnicities, ethnicitiesInFull),
    address: Object.keys(address).length === 0 ? undefined : address,
  });
  return { mapping: { person }, remarks: remarksOn([roles.birthDate, roles.deathDate], column) };
}

function draftVisit(roles: Roles, column: Column): Draft {
  const { id, person, provider, careSite, start, end } = roles;
  const visit = filled({
    id: id!,
    person: person!,
    class: roles.class,
    start: dateOf(start!, column),
    end: end && dateOf(end, column),
    provider,
    careSite,
  });
  return { mapping: { visit }, remarks: remarksOn([start, end], column) };
}

function draftProvider({ gender, careSite, specialty }: Roles, id: string): Draft {
  return { mapping: { provider: filled({ id, gender, careSite, specialtyName: specialty }) }, remarks: [] };
}

function draftCareSite(roles: Roles, id: string): Draft {
  const address = { ...addressOf(roles), ...filled({ latitude: roles.latitude, longitude: roles.longitude }) };
  const careSite = filled({ id, name: roles.name, address: Object.keys(address).length === 0 ? undefined : address });
  return { mapping: { careSite }, remarks: [] };
}

function addressOf({ line, city, county, state, zip, country }: Roles) {
  return filled({ line, city, county, state, zip, country });
}

/** Where a column is named in English its words are, too. */
function genderOf(name: string | undefined) {
  if (name === undefined || ["gender", "sex"].includes(nameKey(name))) return name;
  return { column: name, values: genders };
}

type Words = Record<string, string>;

/** A column with the words for its values: those in capitals where it has such. */
function worded(column: CsvColumnProfile | undefined, words: Words, inFull: Words) {
  if (column === undefined) return undefined;
  return { column: column.name, values: /^\p{Lu}/u.test(column.values?.[0]?.value ?? "") ? inFull : words };
}

const isoFormats = new Set(["%Y-%m-%d", "%Y-%m", "%Y"]);
const isIso = ({ dateFormats }: CsvColumnProfile) => dateFormats.every((format) => isoFormats.has(format));

/** A column of dates, with the format where it is not ISO 8601; where several are possible, the first. */
export function dateOf(name: string, column: Column): string | { column: string; format: string | string[] } {
  const profile = column(name);
  const [day] = profile?.dateFormats ?? [];
  if (profile === undefined || day === undefined || isIso(profile)) return name;
  if (profile.type === "date") return { column: name, format: day };
  const times = [profile.timeFormat ?? "", " %H:%M:%S", " %H:%M", ""];
  return { column: name, format: [...new Set(times.map((time) => `${day}${time}`))] };
}

/** What is uncertain of columns of dates. */
export function remarksOn(dates: readonly (string | undefined)[], column: Column): string[] {
  return dates.flatMap((name) => {
    const profile = column(name);
    if (profile === undefined || profile.filled === 0) return [];
    const { dateFormats, type } = profile;
    if (dateFormats.length === 0) return [`${name}: does not look like dates (${type})`];
    return isIso(profile) || dateFormats.length === 1 ? [] : [`${name}: may be written ${dateFormats.join(" or ")}`];
  });
}

/** Without what is undefined. */
export function filled<Fields extends object>(
  fields: Fields,
): { [Name in keyof Fields]: Exclude<Fields[Name], undefined> } {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as never;
}
