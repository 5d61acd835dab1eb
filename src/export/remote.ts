import { messageOf, OmopipeError } from "../pipeline/errors.ts";
import { literal } from "../warehouse/sql-text.ts";
import type { Warehouse } from "../warehouse/warehouse.ts";

/** What the environment says of an S3 store, by what DuckDB calls it in a secret. */
const settings = {
  KEY_ID: "AWS_ACCESS_KEY_ID",
  SECRET: "AWS_SECRET_ACCESS_KEY",
  SESSION_TOKEN: "AWS_SESSION_TOKEN",
  REGION: "AWS_REGION",
} as const;

const endpointVariables = ["AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL"] as const;

/**
 * Makes DuckDB ready to write to an address, by its extension httpfs, which it downloads where it is not installed. Throws
 * EXPORT_FAILED where it cannot be had, and USAGE for an address that it does not know.
 */
export async function openRemote(warehouse: Pick<Warehouse, "run">, place: string): Promise<void> {
  if (!/^(s3|gs|gcs|r2|https?):/i.test(place)) {
    throw new OmopipeError(
      "USAGE",
      `${place} is no place to write to. There are folders, s3://, gs://, r2:// and https://.`,
    );
  }
  try {
    await warehouse.run("load httpfs").catch(async () => {
      await warehouse.run("install httpfs");
      await warehouse.run("load httpfs");
    });
  } catch (error) {
    throw new OmopipeError(
      "EXPORT_FAILED",
      `${place} cannot be written to: DuckDB does that by its extension httpfs, which is not installed here and could not be downloaded ` +
        `(${messageOf(error).split("\n")[0]}). Install it where there is a network (INSTALL httpfs in DuckDB of the same version), or ` +
        "write to a folder and copy that.",
      { cause: error },
    );
  }
  const given = [
    ...Object.entries(settings).flatMap(([name, variable]) => {
      const value = process.env[variable];
      return value === undefined ? [] : [`${name} ${literal(value)}`];
    }),
    ...endpointSettings(),
  ];
  if (/^s3:/i.test(place) && given.length > 0) {
    // Without DuckDB's words, which would quote the statement.
    await warehouse.run(`create or replace secret omopipe_s3 (type s3, ${given.join(", ")})`).catch(() => {
      throw new OmopipeError(
        "EXPORT_FAILED",
        `DuckDB does not take ${Object.values(settings).join(", ")} as they are.`,
      );
    });
  }
}

/** Where the store is, if it is not that of Amazon. Stores of one's own have no name for each bucket, but a path. */
function endpointSettings(): string[] {
  const [name, address] =
    endpointVariables.map((variable) => [variable, process.env[variable]]).find(([, value]) => value) ?? [];
  if (!address) return [];
  if (!/^https?:$/.test(URL.canParse(address) ? new URL(address).protocol : "")) {
    throw new OmopipeError("USAGE", `${name} is no address of a server, such as https://store.example:9000.`);
  }
  const { host, pathname, protocol } = new URL(address);
  const endpoint = `${host}${pathname}`.replace(/\/$/, "");
  return [`ENDPOINT ${literal(endpoint)}`, "URL_STYLE 'path'", `USE_SSL ${protocol === "https:"}`];
}

/** The address of a file below the place. */
export const addressOf = (place: string, ...names: readonly string[]): string =>
  [place.replace(/\/+$/, ""), ...names].join("/");
