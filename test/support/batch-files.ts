import type { PatientHistory } from "../../schemas/phenom.ts";
import type { BatchFileKind } from "../../schemas/phenom-files.ts";
import { batchFileKinds, batchFiles } from "../../schemas/phenom-files.ts";
import type { Folder } from "./folder.ts";

/** Writes histories as the files of a batch and gives their paths; kinds without rows have no file. */
export async function writeBatchFiles(
  folder: Folder,
  histories: readonly PatientHistory[],
): Promise<Map<BatchFileKind, string>> {
  const paths = new Map<BatchFileKind, string>();
  for (const kind of batchFileKinds) {
    const { columns } = batchFiles[kind];
    const rows = histories.flatMap((history) => {
      const items = kind === "patients" ? [history.patient] : (history[kind] ?? []);
      return items.map((item) => ({ patient_id: history.patient.patient_id, ...item }) as Record<string, unknown>);
    });
    if (rows.length === 0) continue;
    const lines = [columns, ...rows.map((row) => columns.map((column) => row[column] ?? ""))];
    paths.set(kind, await folder.write(`${kind}.csv`, `${lines.map((line) => line.map(cell).join(",")).join("\n")}\n`));
  }
  return paths;
}

function cell(value: unknown): string {
  return `"${String(value).replaceAll('"', '""')}"`;
}
