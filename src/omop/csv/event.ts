import type { CsvEvent } from "../../../schemas/csv-mapping.ts";
import { type ColumnLookup, conditionSql } from "../../ingest/csv-value.ts";
import { literal } from "../../warehouse/sql-text.ts";
import { fieldsOf, type Notation, type PartOfRow, snakeCase } from "./part-of-row.ts";

/** What each kind of event is where no concept and no mapping says otherwise; SQL over the columns of event.sql. */
const kinds: Readonly<Record<CsvEvent["kind"], { natural_table: string; type: string; end_text?: string }>> = {
  condition: { natural_table: "'condition_occurrence'", type: "'EHR'" },
  procedure: { natural_table: "'procedure_occurrence'", type: "'EHR'" },
  observation: {
    natural_table: `case
        when lower(category) in ('laboratory', 'vital-signs') or value_number is not null then 'measurement'
        else 'observation'
    end`,
    type: "case when lower(category) = 'laboratory' then 'Lab' else 'EHR' end",
  },
  drug: { natural_table: "'drug_exposure'", type: "'EHR prescription'" },
  vaccine: {
    natural_table: "'drug_exposure'",
    type: "'EHR administration record'",
    end_text: 'coalesce("end", start)',
  },
  device: { natural_table: "'device_exposure'", type: "'EHR'" },
  allergy: { natural_table: "'observation'", type: "'EHR'" },
  specimen: { natural_table: "'specimen'", type: "'EHR'" },
};

/** The events of a row. Each, and of wide rows each column, has a number of its own. */
export function eventParts(events: readonly CsvEvent[], columns: ColumnLookup, notation: Notation): PartOfRow[] {
  let next = 0;
  return events.map((event, i) => {
    const { kind, type, when, unpivot, ...fields } = event;
    const measures = unpivot === undefined ? [] : measuresOf(unpivot, columns);
    const part = next;
    next += Math.max(1, measures.length);
    const ofKind = kinds[kind];
    const values = fieldsOf("event", fields, columns, notation);
    return {
      name: `events[${i}]`,
      template: "event",
      shape: "event",
      id: event.id === undefined ? undefined : values.id,
      fields: {
        ...values,
        ...(unpivot && { measure: `unnest([${measures.map(({ struct }, n) => struct(part + n)).join(", ")}])` }),
      },
      when: unpivot
        ? `${conditionSql(when, columns)} and (${measures.map(({ is }) => is).join(" or ")})`
        : conditionSql(when, columns),
      sql: {
        part: unpivot ? "measure.part" : String(part),
        measured: unpivot ? measuredSql(unpivot.into ?? "value") : "",
        measured_when: unpivot ? "measure.content is not null" : "true",
        role: literal(kind),
        natural_table: ofKind.natural_table,
        start_from_visit: String(kind === "condition"),
        end_text: ofKind.end_text ?? '"end"',
        type: type === undefined ? ofKind.type : literal(type),
        said: kind === "allergy" ? "mapping.allergy_of(allergy_type, category)" : "null",
      },
    };
  });
}

type Unpivot = NonNullable<CsvEvent["unpivot"]>;

const saidOfMeasures = ["code", "system", "display", "category", "unit", "rangeLow", "rangeHigh"] as const;

/** The columns of a wide row, each as a struct of its number, its text and what is said of it. */
function measuresOf({ columns: names }: Unpivot, columns: ColumnLookup) {
  const said = Array.isArray(names) ? Object.fromEntries(names.map((name) => [name, {}])) : names;
  return Object.entries<Partial<Record<(typeof saidOfMeasures)[number], string>>>(said).map(([name, given]) => {
    const column = columns(name) ?? "null::varchar";
    const members = saidOfMeasures.map((key) => {
      const text = given[key];
      return `${snakeCase(key)}: ${text === undefined ? "null::varchar" : literal(text)}`;
    });
    return {
      is: `${column} is not null`,
      struct: (part: number) => `{part: ${part}, content: ${column}, ${members.join(", ")}}`,
    };
  });
}

/** What is said of a column goes before what is said of the event. */
function measuredSql(into: "value" | "code"): string {
  const replaced = saidOfMeasures.map((key) => {
    const name = snakeCase(key);
    const own = into === "code" && key === "code" ? "measure.content" : `coalesce(measure.${name}, ${name})`;
    return `${own} as ${name}`;
  });
  if (into === "value") replaced.push("measure.content as value");
  return `replace (${replaced.join(", ")})`;
}
