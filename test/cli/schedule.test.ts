import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { lines, patient } from "../ingest/intake.ts";
import { omopipe, startOmopipe } from "../support/command.ts";
import { openFolder } from "../support/folder.ts";

/** Starts a command that stays, and gives what it says and how it ended when it is told to stop. */
function stay(...args: readonly string[]) {
  const child = startOmopipe(args);
  const said = { text: "" };
  child.stdout.on("data", (data) => (said.text += data));
  child.stderr.on("data", (data) => (said.text += data));
  const until = async (pattern: RegExp) => {
    while (!pattern.test(said.text) && child.exitCode === null) await sleep(50);
    expect(said.text).toMatch(pattern);
  };
  const end = async () => {
    const ended = once(child, "exit");
    child.kill("SIGTERM");
    return (await ended)[0] as number | null;
  };
  return { said, until, end };
}

describe("--schedule", { timeout: 90_000 }, () => {
  it("runs again and again, one run at a time, goes on after one that failed, and ends when it is told to", async () => {
    await using folder = await openFolder();
    const file = folder.file("warehouse.duckdb");
    const input = folder.file("in.ndjson");
    const command = stay("etl", input, "--no-vocabulary", "--warehouse", file, "--schedule", "* * * * * *");
    await command.until(/does not exist.*\n.* the run ended with 1\n/);
    await folder.write("in.ndjson", lines(patient("p")));
    await command.until(/(the run ended with 0\n[\s\S]*){2}/);
    expect(await command.end()).toBe(0);
    const { stdout } = await omopipe(["status", "--warehouse", file, "--format", "json"]);
    const { runs } = JSON.parse(stdout) as { runs: { started_at: string; ended_at: string; status: string }[] };
    const done = runs.filter(({ status }) => status === "done").reverse();
    expect(done.length).toBeGreaterThanOrEqual(2);
    for (const [i, run] of done.slice(1).entries()) expect(run.started_at >= done[i]!.ended_at).toBe(true);
  });

  it("stops the run that is under way, and waits for its end", async () => {
    await using folder = await openFolder();
    const script = await folder.write(
      "slow.mts",
      `import { appendFileSync } from "node:fs";
       process.on("SIGTERM", () => setTimeout(() => {
         appendFileSync(${JSON.stringify(folder.file("end.txt"))}, "ended in good order");
         process.exit(143);
       }, 300));
       console.log("under way with " + process.argv.slice(2));
       setInterval(() => {}, 1000);`,
    );
    const command = stay("run", script, "--schedule=* * * * * *", "--", "a", "b");
    await command.until(/under way with a,b/);
    expect(await command.end()).toBe(0);
    expect(await readFile(join(folder.path, "end.txt"), "utf8")).toBe("ended in good order");
    expect(command.said.text).toContain("the run ended with 143");
  });

  it("says what is wrong with the times", async () => {
    const at = (times: string) => omopipe(["run", "any.ts", "--schedule", times]);
    const wrong = await at("two at night");
    expect(wrong).toMatchObject({ code: 2, stderr: expect.stringContaining('Every night at two is "0 2 * * *".') });
    const past = await at("2020-01-01T00:00:00");
    expect(past).toMatchObject({ code: 2, stderr: expect.stringContaining("names no time to come") });
  });

  it("ends at once while it waits", async () => {
    const command = stay("run", "any.ts", "--schedule", "0 2 * * *");
    await command.until(/next run at \d{4}-/);
    expect(await command.end()).toBe(0);
  });
});
