import { literal, literalList } from "../../warehouse/sql-text.ts";
import type { Warehouse } from "../../warehouse/warehouse.ts";
import type { Download } from "../download/download-state.ts";
import type { PartProgress } from "../download/page-files.ts";
import type { Search } from "./searches.ts";

/** A search of a download and how far it has come: a row of `meta.download_part`. */
export interface Part extends PartProgress {
  readonly request: string;
  readonly template: string;
  readonly resource_type: string;
}

const batch = 500;

/** The searches of a phase that are not done yet, some at a time. Those of a batch must be done before the next is asked for. */
export async function* waitingParts(
  warehouse: Warehouse,
  { download_id }: Download,
  phase: string,
): AsyncGenerator<readonly Part[]> {
  for (;;) {
    const parts = await warehouse.rows<Part>(
      `select part, state, request, template, resource_type, next_url, watermark, sorted, restarts, pages
       from meta.download_part where download_id = $1 and phase = $2 and state = 'waiting'
       order by part limit ${batch}`,
      [download_id, phase],
    );
    if (parts.length === 0) return;
    yield parts;
  }
}

/** Enters a phase with the searches that a query of (request, template, resource_type) gives. */
export async function enterPhase(
  warehouse: Warehouse,
  { download_id }: Download,
  phase: string,
  searches: string,
): Promise<void> {
  await warehouse.transaction(async () => {
    await warehouse.run(
      `insert into meta.download_part
       select
         $1, row_number() over (order by request) + (select count(*) from meta.download_part where download_id = $1),
         $2, request, template, resource_type, 'waiting', null, null, true, 0, 0
       from (${searches})`,
      [download_id, phase],
    );
    await warehouse.run("update meta.download set phase = $2 where download_id = $1", [download_id, phase]);
  });
}

/** The searches over whole types, as a query for `enterPhase`. */
export function partsByType(searches: readonly Search[]): string {
  const rows = searches.map(({ request, template, type }) => `(${[request, template, type].map(literal).join(", ")})`);
  return rows.length === 0 ? nothing : `from (values ${rows.join(", ")}) searches (request, template, resource_type)`;
}

/** The searches of each patient that was found, as a query for `enterPhase`. */
export function partsByPatient(patients: readonly string[], searches: readonly Search[]): string {
  if (patients.length === 0) return nothing;
  return `select replace(request, '{id}', url_encode(id)) as request, template, resource_type
    from (select distinct id from read_ndjson(${literalList(patients)}, columns => {id: 'VARCHAR'}) where id is not null)
    cross join (${partsByType(searches)})`;
}

/**
 * The readings of resources that were referred to but not given, as a query for `enterPhase`: references of these types that are
 * relative or lead to this server.
 */
export function partsReferredTo(files: readonly string[], types: readonly string[], baseUrl: string): string {
  if (files.length === 0 || types.length === 0) return nothing;
  const reference = `^(?:${baseUrl.replace(/[.*+?^$(){}|[\]\\]/g, "\\$&")})?((?:${types.join("|")})/[A-Za-z0-9.-]{1,64})(?:/_history/.*)?$`;
  return `with line as (select json::varchar as text from read_ndjson_objects(${literalList(files)})),
    referred as (
      select distinct regexp_extract(reference, ${literal(reference)}, 1) as request
      from (select unnest(regexp_extract_all(text, '"reference":"([^"]+)"', 1)) as reference from line)
    ),
    given as (
      select distinct (text::json ->> 'resourceType') || '/' || (text::json ->> 'id') as request
      from line where list_contains(${literalList(types)}, text::json ->> 'resourceType')
    )
    select request, split_part(request, '/', 1) || '/{id}' as template, split_part(request, '/', 1) as resource_type
    from referred anti join given using (request) where request <> ''`;
}

const nothing = "select '' as request, '' as template, '' as resource_type where false";
