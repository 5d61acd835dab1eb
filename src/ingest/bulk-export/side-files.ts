import { join } from "node:path";
import type { Warehouse } from "../../warehouse/warehouse.ts";
import type { Download } from "../download/download-state.ts";
import { countProblems, type ProblemCounts } from "../download/problem-counts.ts";
import { readLines } from "../read-lines.ts";
import type { DeletedResource } from "../remove-deleted.ts";
import { isGzip } from "./count-records.ts";

/** The resources of the `deleted` files of an export: Bundles whose entries say DELETE. */
export async function deletedResources(
  warehouse: Warehouse,
  download: Download,
  signal: AbortSignal,
): Promise<DeletedResource[]> {
  const deleted: DeletedResource[] = [];
  for await (const bundle of recordsOf(warehouse, download, "deleted", signal)) {
    const { entry } = bundle as { entry?: unknown };
    for (const each of Array.isArray(entry) ? entry : []) {
      const { method, url } = (each?.request ?? {}) as { method?: unknown; url?: unknown };
      const [, type, id] = /(?:^|\/)([A-Z][A-Za-z]*)\/([A-Za-z0-9.-]{1,64})$/.exec(String(url)) ?? [];
      if (method === "DELETE" && type !== undefined && id !== undefined) deleted.push({ type, id });
    }
  }
  return deleted;
}

/** What problems the `error` files of an export report. */
export async function reportedProblems(
  warehouse: Warehouse,
  download: Download,
  signal: AbortSignal,
): Promise<ProblemCounts> {
  const problems = countProblems();
  for await (const outcome of recordsOf(warehouse, download, "error", signal)) problems.add(outcome);
  return problems;
}

async function* recordsOf(
  warehouse: Warehouse,
  { download_id, folder }: Download,
  role: string,
  signal: AbortSignal,
): AsyncGenerator<object> {
  const files = await warehouse.rows<{ name: string }>(
    "select name from meta.download_file where download_id = $1 and role = $2 and bytes > 0 order by name",
    [download_id, role],
  );
  for (const { name } of files) {
    const path = join(folder, name);
    for await (const lines of readLines(path, await isGzip(path), signal)) {
      for (const line of lines) {
        const record = "text" in line ? objectOf(line.text) : undefined;
        if (record !== undefined) yield record;
      }
    }
  }
}

function objectOf(text: string): object | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null ? value : undefined;
  } catch {
    return undefined;
  }
}
