/**
 * What a column is to a mapping, and the names that it then has: in English, and as German, French, Spanish, Dutch and Italian files
 * have them. The first that a file has is taken. Without case, accents, `_` and blanks.
 */
export const namesOfRoles = {
  person: [
    "patient patientid personid person pid subject subjectid patid patientno patientnumber mrn",
    "patientennummer patientennr patientenid patnr patientnr patientnummer idpatient numeropatient ipp paciente pacienteid idpaciente nhc paziente idpaziente",
  ],
  id: ["id rowid recordid"],
  visit: [
    "encounter encounterid visit visitid visitoccurrenceid hadmid stayid admissionid",
    "fallnummer fallnr fallid fall aufnahmenummer aufnahmenr sejour idsejour numerosejour iep episodio idepisodio opnamenummer opnamenr contactnummer",
  ],
  birthDate: [
    "birthdate dateofbirth dob birth born birthday",
    "geburtsdatum gebdatum gebdat geburtstag datenaissance datedenaissance ddn fechanacimiento fechadenacimiento geboortedatum datanascita datadinascita",
  ],
  deathDate: [
    "deathdate dateofdeath dod death died deceaseddate",
    "todesdatum sterbedatum datedeces datededeces fechadefuncion fechafallecimiento overlijdensdatum datadecesso",
  ],
  gender: ["gender sex", "geschlecht sexe sexo geslacht sesso"],
  race: ["race"],
  ethnicity: ["ethnicity ethnicgroup"],
  line: ["address addressline1 address1 street", "strasse anschrift adresse direccion adres indirizzo"],
  city: ["city town", "wohnort ort ville ciudad woonplaats citta"],
  county: ["county"],
  state: ["state region"],
  zip: ["zip zipcode postalcode postcode pcode", "plz postleitzahl codepostal codigopostal cap"],
  country: ["country", "land pays pais paese"],
  class: [
    "encounterclass class visittype encountertype admissiontype",
    "fallart aufnahmeart typesejour tipoepisodio opnametype",
  ],
  code: [
    "code snomed snomedcode loinc loinccode rxnorm rxnormcode rxcui rxn cvx cvxcode icd10 icd10code icd10cm icd9 icd9code ndc atc conceptcode diagnosiscode dxcode procedurecode drugcode",
    "icd icdcode icd10gm diagnosecode diagnoseschlussel diagnosekode kode schlussel atccode codediagnostic cim10 codecim10 codigo codigodiagnostico cie10 codice",
  ],
  system: ["system codesystem codingsystem vocabulary vocabularyid codetype", "kodiersystem codesysteem"],
  provider: [
    "provider providerid practitioner practitionerid clinician clinicianid doctor doctorid",
    "arzt arztid behandler medecin idmedecin medico idmedico",
  ],
  careSite: [
    "organization organizationid organisation facility facilityid caresite caresiteid hospital clinic department",
    "abteilung fachabteilung station klinik etablissement servicio afdeling reparto",
  ],
  name: ["name title", "bezeichnung libelle"],
  specialty: ["specialty speciality", "fachrichtung specialite especialidad specialisme"],
  text: ["text notetext body content note report", "befundtext befund notiz arztbrief compterendu informe verslag"],
  allergyType: ["allergytype type"],
  uniqueDeviceId: ["udi uniquedeviceid deviceidentifier"],
  latitude: ["lat latitude"],
  longitude: ["lon lng longitude"],
  display: [
    "description display name title text codedescription term",
    "bezeichnung beschreibung klartext diagnosetext diagnose medikament wirkstoff parameter untersuchung libelle descripcion omschrijving descrizione",
  ],
  start: [
    "start startdate starttime startdatetime onset onsetdate date datetime servicedate eventdate collectiondate admitdate admittime day",
    "beginn startdatum aufnahmedatum aufnahme diagnosedatum untersuchungsdatum abnahmedatum abnahmezeit zeitpunkt datum von datedebut dateentree fechainicio fechaingreso fecha begindatum opnamedatum datainizio data",
  ],
  end: [
    "stop end enddate endtime enddatetime stopdate abatement resolveddate dischargedate dischtime",
    "ende enddatum entlassdatum entlassungsdatum entlassung bis datefin datesortie fechafin fechaalta einddatum ontslagdatum datafine",
  ],
  category: ["category", "kategorie categorie categoria"],
  value: [
    "value result resultvalue valuenum",
    "wert messwert ergebnis befundwert valeur resultat valor resultado waarde uitslag valore risultato",
  ],
  unit: ["unit units uom valueuom", "einheit masseinheit unite unidad eenheid unita"],
  rangeLow: ["low rangelow referencelow reflow", "untergrenze normunten referenzunten"],
  rangeHigh: ["high rangehigh referencehigh refhigh", "obergrenze normoben referenzoben"],
  quantity: ["quantity qty q amountdispensed", "menge anzahl quantite cantidad hoeveelheid"],
  daysSupply: ["dayssupply days supplydays"],
  refills: ["refills refill"],
  sig: ["sig instructions dosageinstruction", "dosierung posologie posologia dosering"],
  lotNumber: ["lotnumber lot", "charge chargennummer numerolot lote"],
} as const;
