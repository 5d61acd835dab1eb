import { type RunStatus, readStatus, type WarehouseStatus } from "./read-status.ts";
import { openExisting } from "./run-pipeline.ts";
import { cellText, textTable } from "./table.ts";

const shownRuns = 20;
const shownOfMessage = 100;
const shownWarnings = 5;

/** `omopipe status`. */
export async function status(options: { readonly warehouse: string; readonly format: string }): Promise<void> {
  await using warehouse = await openExisting(options.warehouse);
  const found = await readStatus(warehouse);
  process.stdout.write(options.format === "json" ? `${JSON.stringify(found, null, 2)}\n` : describe(found));
}

function describe({ runs, files, pending }: WarehouseStatus): string {
  const more = runs.length > shownRuns ? `${runs.length - shownRuns} earlier runs: --format json\n` : "";
  return [
    `${textTable(runs.slice(0, shownRuns).map(line))}${more}`,
    ...warningsOf(runs.find(({ warnings }) => warnings.length > 0)),
    ...(files.length > 0 ? [textTable(files)] : []),
    `${whatIsPending(pending)}\nTimes are in UTC.\n`,
  ].join("\n");
}

function warningsOf(run: RunStatus | undefined): string[] {
  if (run === undefined) return [];
  const more = run.warnings.length - shownWarnings;
  const lines = [
    `Warnings of the run of ${run.started_at}:\n`,
    ...run.warnings.slice(0, shownWarnings).map((message) => `  ${cellText(message)}\n`),
    ...(more > 0 ? [`  and ${more} more: --format json\n`] : []),
  ];
  return [lines.join("")];
}

function line({ started_at, seconds, status, stages, stage, message, warnings, counts }: RunStatus) {
  const sum = (...names: readonly string[]) => {
    const found = Object.values(counts).flatMap((counted) => names.flatMap((name) => counted[name] ?? []));
    return found.length === 0 ? null : found.reduce((total, count) => total + count, 0);
  };
  return {
    started_at,
    seconds,
    status,
    files: sum("files"),
    unchanged: sum("unchanged"),
    read: sum("read"),
    quarantined: sum("quarantined"),
    dropped: sum("dropped"),
    rows: sum("rows"),
    warnings: warnings.length,
    scored: sum("scored"),
    stages: stages.join(" → "),
    stopped_in: stage,
    message: message === null ? null : beginningOf(message),
  };
}

function beginningOf(message: string): string {
  const characters = [...cellText(message)];
  return characters.length > shownOfMessage ? `${characters.slice(0, shownOfMessage - 1).join("")}…` : message;
}

function whatIsPending({ mapping, patients, others }: WarehouseStatus["pending"]): string {
  if (mapping)
    return "Pending: what has landed is not mapped, or not by the rules of this release; the next mapping maps all.";
  if (patients + others === 0) return "Pending: nothing.";
  return `Pending: the records of ${patients} patients, and ${others} of no patient, have changed since they were mapped.`;
}
