import { identifier, literal, literalList, sqlText } from "../warehouse/sql-text.ts";
import type { Changes } from "./changes.ts";
import type { LandingContext } from "./landing-plan.ts";
import { type LandingTable, patientMembers } from "./landing-tables.ts";

/** Takes the identifiers by which records that are staged name patients, and those that patients have, out of their JSON. */
export async function namePatients({ warehouse, signal }: LandingContext): Promise<void> {
  const parts = { members: literalList(patientMembers) };
  await warehouse.run(sqlText(import.meta.url, "sql/name-patients.sql", parts), undefined, { signal });
}

/**
 * Lets records that name their patient by an identifier refer to whose it is: those that just landed in some tables, and
 * earlier ones whose patient came only now, or is no longer the only one.
 */
export async function findPatients(
  { warehouse, tables, signal }: LandingContext,
  landed: readonly LandingTable[],
  changes: Changes,
): Promise<void> {
  const run = (sql: string) => warehouse.run(sql, undefined, { signal });
  const ofPatients = (table: LandingTable) => table.resourceType !== "Patient" && table.patientReference !== undefined;
  const partsOf = ({ table, resourceType, patientReference }: LandingTable) => ({
    table,
    resource_type: literal(resourceType),
    reference: patientReference!,
  });
  for (const table of landed.filter(ofPatients)) {
    await run(sqlText(import.meta.url, "sql/note-patient-references.sql", partsOf(table)));
  }
  const noted = await warehouse.rows<{ type: string }>(
    "select distinct resource_type as type from meta.patient_reference",
  );
  for (const table of tables.filter(({ resourceType }) => noted.some(({ type }) => type === resourceType))) {
    await run(sqlText(import.meta.url, "sql/find-renamed-patients.sql", partsOf(table)));
    // What landed just now was not there before.
    const earlier = "landing_file not in (select file_id from landing_file)";
    await changes.remember(table, `rowid in (select row_number from renamed_patient where ${earlier})`);
    const members = patientMembers.filter((member) => Object.keys(table.structure).includes(member)).map(identifier);
    const renamed = members.map(
      (member) =>
        `${member} = case when record.${member} is not null then {'reference': renamed.reference, 'type': record.${member}.type} end`,
    );
    await run(
      `update ${table.table} record set ${renamed.join(", ")} from renamed_patient renamed where renamed.row_number = record.rowid`,
    );
  }
}
