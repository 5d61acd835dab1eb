/** What a column is to a mapping, and the names it then has: the first that a file has is taken. Without case, `_` and blanks. */
const namesOfRoles = {
  person: "patient patientid personid person pid subject subjectid patid patientno patientnumber mrn",
  id: "id rowid recordid",
  visit: "encounter encounterid visit visitid visitoccurrenceid hadmid stayid admissionid",
  birthDate: "birthdate dateofbirth dob birth born birthday",
  deathDate: "deathdate dateofdeath dod death died deceaseddate",
  gender: "gender sex",
  race: "race",
  ethnicity: "ethnicity ethnicgroup",
  line: "address addressline1 address1 street",
  city: "city town",
  county: "county",
  state: "state region",
  zip: "zip zipcode postalcode postcode pcode",
  country: "country",
  class: "encounterclass class visittype encountertype admissiontype",
  code: "code snomed snomedcode loinc loinccode rxnorm rxnormcode rxcui rxn cvx cvxcode icd10 icd10code icd10cm icd9 icd9code ndc atc conceptcode diagnosiscode dxcode procedurecode drugcode",
  system: "system codesystem codingsystem vocabulary vocabularyid codetype",
  provider: "provider providerid practitioner practitionerid clinician clinicianid doctor doctorid",
  careSite:
    "organization organizationid organisation facility facilityid caresite caresiteid hospital clinic department",
  name: "name title",
  specialty: "specialty speciality",
  text: "text notetext body content note report",
  allergyType: "allergytype type",
  uniqueDeviceId: "udi uniquedeviceid deviceidentifier",
  latitude: "lat latitude",
  longitude: "lon lng longitude",
  display: "description display name title text codedescription term",
  start:
    "start startdate starttime startdatetime onset onsetdate date datetime servicedate eventdate collectiondate admitdate admittime day",
  end: "stop end enddate endtime enddatetime stopdate abatement resolveddate dischargedate dischtime",
  category: "category",
  value: "value result resultvalue valuenum",
  unit: "unit units uom valueuom",
  rangeLow: "low rangelow referencelow reflow",
  rangeHigh: "high rangehigh referencehigh refhigh",
  quantity: "quantity qty q amountdispensed",
  daysSupply: "dayssupply days supplydays",
  refills: "refills refill",
  sig: "sig instructions dosageinstruction",
  lotNumber: "lotnumber lot",
} as const;

export type ColumnRole = keyof typeof namesOfRoles;

/** A name without case and what only separates: "Start_Date" → "startdate". */
export function nameKey(name: string): string {
  return name.toLowerCase().replace(/[^\p{L}\p{N}]/gu, "");
}

/** The columns of a file by their roles. */
export function columnsByRole(columns: readonly string[]): Partial<Record<ColumnRole, string>> {
  const byKey = new Map(columns.map((name) => [nameKey(name), name]));
  const found = Object.entries(namesOfRoles).flatMap(([role, names]) => {
    const key = names.split(" ").find((name) => byKey.has(name));
    return key === undefined ? [] : [[role, byKey.get(key)]];
  });
  return Object.fromEntries(found);
}

const identifying =
  /name|^(first|last|middle|maiden|prefix|suffix|initial|initials|fname|lname)$|address|street|apartment|apt$|city|town|birth|dob|yob|death|zip|postal|postcode|pcode|phone|mobile|^(cell|home|fax)$|mail|ssn|social|driver|passport|licen|insurance|member|account|^(lat|lon|lng|latitude|longitude)$|note|comment|text$|^url$|photo/;
const naming = /(id|key|uuid|guid|number|no|nr|ref|mrn)$|^(patient|person|subject|encounter|visit|who)$/;

/** Whether the name of a column says that its values may point to a person, so that none of them is shown. */
export function mayIdentify(name: string): boolean {
  const key = nameKey(name);
  return identifying.test(key) || naming.test(key);
}
