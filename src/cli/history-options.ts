import type { PatientHistoriesOptions } from "../features/history-options.ts";
import type { Histories } from "../features/patient-histories.ts";
import { OmopipeError } from "../pipeline/errors.ts";

/** The options of the commands that build histories. */
export interface HistoryFlags {
  readonly asOf?: string;
  readonly lookBackDays?: number;
  readonly icd: "as-recorded" | "dotted" | "undotted";
  readonly codeSystems?: readonly string[];
  readonly patientId: "pseudonym" | "person_id";
  readonly memoryLimit: string;
}

const lists = ["diagnoses", "procedures", "medications"] as const;

/** Code systems are given as `medications=ATC+RXNORM`, the best first. Throws USAGE. */
export function historyOptions({ asOf, lookBackDays, icd, codeSystems = [], patientId }: HistoryFlags) {
  const chosen = codeSystems.map((text) => {
    const [name = "", systems = ""] = text.split("=");
    const list = lists.find((known) => known === name);
    if (list !== undefined && systems !== "") return [list, systems.split("+")] as const;
    throw new OmopipeError(
      "USAGE",
      `--code-systems takes ${lists.join(", ")}, as in medications=ATC+RXNORM; not "${text}".`,
    );
  });
  return {
    asOf,
    lookBackDays,
    icd: icd === "as-recorded" ? "as recorded" : icd,
    codeSystems: chosen.length > 0 ? Object.fromEntries(chosen) : undefined,
    patientId,
  } satisfies PatientHistoriesOptions;
}

/** Says what the histories leave out: persons, unless that is told elsewhere, and events. */
export function sayWhatIsLeftOut({
  excluded = 0,
  notExpressed,
}: Partial<Pick<Histories, "excluded">> & Pick<Histories, "notExpressed">): void {
  if (excluded > 0) process.stdout.write(`${excluded} persons have no history (features.history_exclusion says why)\n`);
  if (notExpressed === 0) return;
  process.stdout.write(
    `${notExpressed} events are in no history: no code system of the service expresses their code ` +
      "(features.patient_history: not_expressed)\n",
  );
}
