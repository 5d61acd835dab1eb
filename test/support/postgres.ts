import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { chown, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { globSync } from "tinyglobby";

const run = promisify(execFile);

/** Where PostgreSQL's programs are; undefined where it is not installed (Debian: apt-get install postgresql). */
const programs = ["/usr/lib/postgresql", "/usr/local", "/opt/homebrew"]
  .filter((folder) => existsSync(folder))
  .flatMap((folder) => globSync("**/bin/initdb", { cwd: folder, absolute: true, deep: 4 }))
  .sort()
  .at(-1)
  ?.replace(/initdb$/, "");

export const hasPostgres = programs !== undefined;

/** A server of its own, on a socket in a folder of its own. */
export interface PostgresServer extends AsyncDisposable {
  /** What clients need to find it. */
  readonly environment: Readonly<Record<string, string>>;
  readonly connection: string;
}

/** PostgreSQL does not run as root. */
async function identity(): Promise<{ uid?: number; gid?: number }> {
  if (process.getuid?.() !== 0) return {};
  const number = async (flag: string) => Number((await run("id", [flag, "postgres"])).stdout);
  return { uid: await number("-u"), gid: await number("-g") };
}

export async function openPostgres(): Promise<PostgresServer> {
  const folder = await mkdtemp(join(tmpdir(), "omopipe-postgres-"));
  const as = await identity();
  if (as.uid !== undefined) await chown(folder, as.uid, as.gid!);
  const data = join(folder, "data");
  const options = { ...as, cwd: folder };
  await run(join(programs!, "initdb"), ["-D", data, "-U", "omop", "-A", "trust", "-E", "UTF8", "--no-sync"], options);
  const settings = `-c listen_addresses= -c unix_socket_directories=${folder} -c fsync=off`;
  await run(join(programs!, "pg_ctl"), ["-D", data, "-w", "-l", join(folder, "log"), "-o", settings, "start"], options);
  return {
    environment: { PGHOST: folder, PGUSER: "omop", PGDATABASE: "postgres" },
    connection: `postgres://omop@${encodeURIComponent(folder)}/postgres`,
    async [Symbol.asyncDispose]() {
      await run(join(programs!, "pg_ctl"), ["-D", data, "-m", "immediate", "stop"], options);
      await rm(folder, { recursive: true });
    },
  };
}
