import { spawn } from "node:child_process";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const project = fileURLToPath(new URL("../../", import.meta.url));
const main = join(project, "src/cli/main.ts");

/** How a command ended. */
export interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs the command line from its sources. */
export function omopipe(
  args: readonly string[],
  environment: Record<string, string> = {},
  stdin?: string,
): Promise<Ended> {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, ["--import", "tsx", main, ...args], {
      cwd: project,
      env: { ...process.env, ...environment },
    });
    if (stdin !== undefined) child.stdin.end(stdin);
    const said = { stdout: "", stderr: "" };
    child.stdout.on("data", (data) => (said.stdout += data));
    child.stderr.on("data", (data) => (said.stderr += data));
    child.on("close", (code) => resolve({ code, ...said }));
  });
}
