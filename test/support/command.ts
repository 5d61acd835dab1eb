import { type ChildProcessWithoutNullStreams, spawn } from "node:child_process";
import { projectFile } from "./sources.ts";

/** How a command ended. */
export interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

type Environment = Readonly<Record<string, string>>;

/** Starts the command line in the folder of the project, as it was built before the tests (build-command-line.ts). */
export function startOmopipe(args: readonly string[], environment: Environment = {}): ChildProcessWithoutNullStreams {
  return spawn(process.execPath, [projectFile("dist/src/cli/main.js"), ...args], {
    cwd: projectFile(""),
    env: { ...process.env, ...environment },
  });
}

/** Runs the command line to its end. */
export function omopipe(args: readonly string[], environment: Environment = {}, stdin?: string): Promise<Ended> {
  return new Promise((resolve) => {
    const child = startOmopipe(args, environment);
    if (stdin !== undefined) child.stdin.end(stdin);
    const said = { stdout: "", stderr: "" };
    child.stdout.on("data", (data) => (said.stdout += data));
    child.stderr.on("data", (data) => (said.stderr += data));
    child.on("close", (code) => resolve({ code, ...said }));
  });
}
