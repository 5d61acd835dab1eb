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
export async function openChanges(context: LandingContext, filesAreReadAnew: boolean): Promise<Changes> {
  const mapped = await context.warehouse.row("select 1 from meta.setting where name = 'mapping'");
  if (!mapped) return { async remember() {}, async record() {} };
  const { warehouse, tables, signal } = context;
  const partsOf = (table: LandingTable) => ({
    table: table.table,
    resource_type: literal(table.resourceType),
    patient: table.patient ?? "null",
    content: contentOf(table, filesAreReadAnew),
  });
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

/**
 * What tells whether a record came again as it was. Rows are made again when their record comes out of another file, so that only of
 * files that are read anew it need be told; what belongs to no patient is read by many, and is always looked at.
 */
function contentOf({ patient }: LandingTable, filesAreReadAnew: boolean): string {
  if (patient === undefined) return "md5(concat_ws('|', *columns(version.* exclude (landing_file))))";
  return filesAreReadAnew ? "md5(concat_ws('|', *columns(version.*)))" : "version.rowid::varchar";
}
