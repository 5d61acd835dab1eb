import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";

const start = (script: string, args: readonly string[]): ChildProcess =>
  spawn(process.execPath, ["--import", "tsx", fileURLToPath(new URL(script, import.meta.url)), ...args], {
    stdio: ["ignore", "pipe", "inherit"],
  });

/** Runs a script of this folder in a process of its own and gives the JSON it prints. */
export async function resultOfChild<Result>(script: string, ...args: string[]): Promise<Result> {
  const child = start(script, args);
  let text = "";
  child.stdout!.setEncoding("utf8").on("data", (piece: string) => {
    text += piece;
  });
  await once(child, "close");
  return JSON.parse(text) as Result;
}

/** Runs a script of this folder, with files of at most so many kilobytes, to its end: its exit code, and what it wrote to stderr. */
export async function runWithSmallFiles(kilobytes: number, script: string, ...args: string[]) {
  const path = fileURLToPath(new URL(script, import.meta.url));
  const limited = [
    "-c",
    `ulimit -f ${kilobytes}; exec "$@"`,
    "bash",
    process.execPath,
    "--import",
    "tsx",
    path,
    ...args,
  ];
  const child = spawn("bash", limited, { stdio: ["ignore", "ignore", "pipe"] });
  let stderr = "";
  child.stderr.setEncoding("utf8").on("data", (piece: string) => {
    stderr += piece;
  });
  const [code] = (await once(child, "close")) as [number | null];
  return { code, stderr };
}

/** Starts a script of this folder, waits until it prints something, and kills it without any notice. */
export async function killWhenItSpeaks(script: string, ...args: string[]): Promise<void> {
  const child = start(script, args);
  await once(child.stdout!, "data");
  child.kill("SIGKILL");
  await once(child, "close");
}

/**
 * Starts a script of this folder again and again and kills it at a random moment, up to so many milliseconds after it said
 * something; at last lets it come to its end. Gives how often it was killed before it had ended, and its exit code.
 */
export async function killAtRandom(
  kills: number,
  milliseconds: number,
  script: string,
  ...args: string[]
): Promise<{ killed: number; code: number | null }> {
  let killed = 0;
  for (let i = 0; i < kills; i++) {
    const child = start(script, args);
    const closed = once(child, "close");
    await Promise.race([closed, once(child.stdout!, "data")]);
    await Promise.race([closed, new Promise((resolve) => setTimeout(resolve, Math.random() * milliseconds))]);
    if (child.exitCode === null && child.kill("SIGKILL")) killed += 1;
    await closed;
  }
  const [code] = await once(start(script, args), "close");
  return { killed, code };
}
