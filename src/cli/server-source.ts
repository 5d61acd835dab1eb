import { readFile } from "node:fs/promises";
import type { BulkRequest } from "../clients/fhir/bulk-client.ts";
import { smartBackendToken } from "../clients/fhir/smart-backend.ts";
import type { Token } from "../clients/http/token.ts";
import { bulkExport } from "../ingest/bulk-export/bulk-export.ts";
import type { Landed } from "../ingest/fhir-files.ts";
import { type FhirServerOptions, fhirServer } from "../ingest/fhir-server/fhir-server.ts";
import { messageOf, OmopipeError } from "../pipeline/errors.ts";
import type { Stage } from "../pipeline/stage.ts";
import type { Warehouse } from "../warehouse/warehouse.ts";

/** The options of a server, as `server-options.ts` defines them. */
export interface ServerSourceOptions {
  readonly fhirServer?: string;
  readonly bulkExport?: string;
  readonly tokenEnv: string;
  readonly clientId?: string;
  readonly privateKey?: string;
  readonly keyId?: string;
  readonly tokenUrl?: string;
  readonly scope?: string;
  readonly trustedOrigin?: readonly string[];
  readonly type?: readonly string[];
  readonly since?: string;
  readonly concurrency?: number;
  readonly perPatient?: FhirServerOptions["perPatient"];
  readonly include?: readonly string[];
  readonly hydrate?: readonly string[];
  readonly pageSize?: number;
  readonly level?: BulkRequest["level"];
  readonly group?: string;
  readonly typeFilter?: readonly string[];
  readonly elements?: readonly string[];
  readonly associatedData?: readonly string[];
  readonly kickOff?: BulkRequest["method"];
}

/** The stage that reads the server of the command line; undefined where none was named. */
export async function serverSource(
  options: ServerSourceOptions,
  { source, patientsByIdentifier }: Pick<FhirServerOptions, "source" | "patientsByIdentifier">,
): Promise<Stage<undefined | Landed, Landed, Warehouse> | undefined> {
  const { fhirServer: searched, bulkExport: exported } = options;
  if (searched !== undefined && exported !== undefined) {
    throw new OmopipeError("USAGE", "Name --fhir-server or --bulk-export, not both.");
  }
  const baseUrl = searched ?? exported;
  if (baseUrl === undefined) return withoutServer(options);
  const { type: types, since, concurrency, trustedOrigin: trustedOrigins } = options;
  const landing = { source, patientsByIdentifier };
  const token = await tokenOf(options, baseUrl);
  const common = { baseUrl, token, trustedOrigins, types, since, concurrency, ...landing };
  if (searched !== undefined) {
    const { perPatient, include, hydrate, pageSize } = options;
    return fhirServer({ ...common, perPatient, include, hydrate, pageSize });
  }
  const {
    group,
    level = group === undefined ? "system" : "Group",
    typeFilter,
    elements,
    associatedData,
    kickOff,
  } = options;
  const asked = { level, group, typeFilters: typeFilter, elements, includeAssociatedData: associatedData };
  return bulkExport({ ...common, ...asked, method: kickOff });
}

/** What is said of a server that is not named would be lost without a word. */
function withoutServer(options: ServerSourceOptions): undefined {
  const { type, since, clientId, group, perPatient, level } = options;
  if ([type, since, clientId, group, perPatient, level].every((option) => option === undefined)) return undefined;
  throw new OmopipeError("USAGE", "These options are of a server: name it with --fhir-server or --bulk-export.");
}

/** A key in a file, a token in an environment variable, or nothing, where the server wants none. */
async function tokenOf(options: ServerSourceOptions, baseUrl: string): Promise<Token | undefined> {
  const { clientId, privateKey, keyId, tokenUrl, scope, tokenEnv } = options;
  if ((clientId === undefined) !== (privateKey === undefined)) {
    throw new OmopipeError("USAGE", "--client-id and --private-key go together.");
  }
  if (clientId !== undefined && privateKey !== undefined) {
    const key = await readFile(privateKey, "utf8").catch((error: unknown) => {
      throw new OmopipeError("INPUT_NOT_FOUND", `The private key could not be read: ${messageOf(error)}`);
    });
    return smartBackendToken({ baseUrl, clientId, privateKey: key, keyId, tokenUrl, scope });
  }
  return process.env[tokenEnv] || undefined;
}
