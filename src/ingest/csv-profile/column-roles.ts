import { namesOfRoles } from "./names-of-roles.ts";

export type ColumnRole = keyof typeof namesOfRoles;

/** A name without case, accents and what only separates: "Start_Date" → "startdate", "Größe" → "grosse". */
export function nameKey(name: string): string {
  return name
    .toLowerCase()
    .replaceAll("ß", "ss")
    .normalize("NFD")
    .replace(/[^\p{L}\p{N}]/gu, "");
}

/** The columns of a file by their roles. */
export function columnsByRole(columns: readonly string[]): Partial<Record<ColumnRole, string>> {
  const byKey = new Map(columns.map((name) => [nameKey(name), name]));
  const found = Object.entries(namesOfRoles).flatMap(([role, names]) => {
    const key = names
      .join(" ")
      .split(" ")
      .find((name) => byKey.has(name));
    return key === undefined ? [] : [[role, byKey.get(key)]];
  });
  return Object.fromEntries(found);
}

const identifyingElsewhere =
  /geburt|geboren|tod(es)?dat|sterbe|strasse|anschrift|^plz|postleit|ort$|telefon|handy|versicher|kvnr|nachname|vorname|befund|bemerkung|notiz|naissance|deces|adresse|codepostal|ville|telephone|nom$|prenom|nacimiento|fallec|defunc|direccion|codigopostal|ciudad|apellido|nombre|geboorte|overlij|straat|woonplaats|telefoon|nascita|decesso|indirizzo|cognome/;
const identifying =
  /name|^(first|last|middle|maiden|prefix|suffix|initial|initials|fname|lname)$|address|street|apartment|apt$|city|town|birth|dob|yob|death|zip|postal|postcode|pcode|phone|mobile|^(cell|home|fax)$|mail|ssn|social|driver|passport|licen|insurance|member|account|^(lat|lon|lng|latitude|longitude)$|note|comment|text$|^url$|photo/;
const naming =
  /(id|key|uuid|guid|number|no|nr|ref|mrn|nummer|numero|nhc|ipp|iep)$|^(patient|person|subject|encounter|visit|who|fall|paciente|episodio|sejour|paziente)$/;

/** Whether the name of a column says that its values may point to a person, so that none of them is shown. */
export function mayIdentify(name: string): boolean {
  const key = nameKey(name);
  return identifying.test(key) || identifyingElsewhere.test(key) || naming.test(key);
}
