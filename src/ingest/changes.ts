import { literal, sqlText } from "../warehouse/sql-text.ts";
import type { LandingContext } from "./landing-plan.ts";
import type { LandingTable } from "./landing-tables.ts";

/** What a landing changes, written down in `meta.change` for the next mapping. */
export interface Changes {
  /** To be called before rows of a landing table are removed. */
  remember(table: LandingTable, condition: string): Promise<void>;
  /** To be called when all is landed. */
  record(): Promise<void>;
}

/** Where nothing is mapped yet, all will be, and nothing is written down. */
export async function openChanges(context: LandingContext): Promise<Changes> {
  const mapped = await context.warehouse.row("select 1 from meta.setting where name = 'mapping'");
  if (!mapped) return { async remember() {}, async record() {} };
  const { warehouse, tables, signal } = context;
  return {
    async remember(table, condition) {
      const parts = { ...partsOf(table), condition };
      await warehouse.run(sqlText(import.meta.url, "sql/remember-removed.sql", parts), undefined, { signal });
    },
    async record() {
      const rows = await warehouse.rows<{ resource_type: string }>(
        `select resource_type from landing_file join meta.file_records using (file_id)
         union select resource_type from removed_record`,
      );
      const types = new Set(rows.map(({ resource_type }) => resource_type));
      for (const table of tables.filter(({ resourceType }) => types.has(resourceType))) {
        await warehouse.run(sqlText(import.meta.url, "sql/record-changes.sql", partsOf(table)), undefined, { signal });
      }
    },
  };
}

/** Rows are made again when their record comes out of another file; what all share is not. */
function partsOf({ resourceType, table, patient }: LandingTable) {
  const columns = patient === undefined ? "version.* exclude (landing_file)" : "version.*";
  return {
    table,
    resource_type: literal(resourceType),
    patient: patient ?? "null",
    of_no_patient: String(patient === undefined),
    content: `md5(concat_ws('|', *columns(${columns})))`,
  };
}
