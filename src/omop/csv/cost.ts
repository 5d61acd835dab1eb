import type { CsvFileMapping } from "../../../schemas/csv-mapping.ts";
import { type ColumnLookup, conditionSql, valueSql } from "../../ingest/csv-value.ts";
import { literal } from "../../warehouse/sql-text.ts";
import { fieldsOf, type PartOfRow, snakeCase } from "./part-of-row.ts";

const amounts = [
  ...["totalCharge", "amountAllowed", "paidByPayer", "paidByPatient", "paidPatientCopay", "paidPatientCoinsurance"],
  ...["paidPatientDeductible", "paidByPrimary", "paidIngredientCost"],
].map(snakeCase);

/** The costs of a row: none where no amount is given. */
export function costParts(
  mapping: CsvFileMapping,
  columns: ColumnLookup,
  filesOfVisits: readonly string[],
  file: string,
): PartOfRow[] {
  const { visit: ofRow, events = [], dates = {} } = mapping;
  return (mapping.costs ?? []).map(({ when, ...cost }, i) => {
    const fields = fieldsOf("cost", cost, columns, dates);
    const given = amounts.map((amount) => fields[amount]).filter((sql) => sql !== "null::varchar");
    const charged = [
      ...(cost.visit ? [...filesOfVisits, "Encounter"].map((type) => `${literal(`${type}/`)} || visit`) : []),
      ...(!cost.visit && events.length > 0 ? [`${literal(`${file}/`)} || landing_row`] : []),
      ...(!cost.visit && ofRow ? [`${literal(`${file}/`)} || visit`] : []),
    ];
    return {
      name: `costs[${i}]`,
      template: "cost",
      shape: "cost",
      fields: { ...fields, visit: valueSql(cost.visit ?? ofRow?.id, columns) },
      when: `${conditionSql(when, columns)} and coalesce(${["null", ...given].join(", ")}) is not null`,
      sql: { part: String(i), charged: `[${charged.join(", ")}]::varchar[]` },
    };
  });
}
