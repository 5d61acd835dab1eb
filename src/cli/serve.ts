import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { parseFaults } from "../engines/phenom/faults.ts";
import { servePhenom } from "../engines/phenom/serve-phenom.ts";

/** `omopipe serve`: runs until it is told to stop. */
export async function serve(options: {
  readonly port: number;
  readonly tokenEnv: string;
  readonly faults?: string;
}): Promise<void> {
  const faults = options.faults === undefined ? undefined : parseFaults(options.faults);
  const given = process.env[options.tokenEnv];
  const token = given || randomBytes(24).toString("base64url");
  await using server = await servePhenom({ port: options.port, token, faults });
  process.stdout.write(`PhenOM stand-in (Charlson index, no trained model) at ${server.url}\n`);
  if (faults) process.stdout.write("It fails on demand: see --faults.\n");
  if (!given) process.stdout.write(`Its token, for this run only: ${token}\n`);
  await Promise.race([once(process, "SIGINT"), once(process, "SIGTERM")]);
}
