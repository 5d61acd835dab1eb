import type { z } from "zod";
import { OmopipeError } from "../../pipeline/errors.ts";
import type { ScheduleOptions } from "../http/backoff.ts";
import { checkedBaseUrl } from "../http/base-url.ts";
import {
  type Answer,
  type Caller,
  type CallerOptions,
  type CallOptions,
  createCaller,
  type Send,
} from "../http/caller.ts";
import { httpFailureOf } from "../http/failures.ts";
import { overFetch } from "../http/json-exchange.ts";
import { keptConnections } from "../http/kept-connections.ts";
import type { Token } from "../http/token.ts";
import { createApi, type PhenomApi, type PhenomPath } from "./api.ts";

/** How the service is reached. */
export interface TransportOptions {
  /** Where the service is, for example "http://127.0.0.1:8080". The token is sent nowhere else. */
  readonly baseUrl: string;
  readonly token: Token;
  /** Sent as `x-tenant-id`, for deployments where the token does not tell the tenant. */
  readonly tenantId?: string | undefined;
  /** Paths that a deployment spells otherwise, by those of the contract. */
  readonly paths?: { readonly [Path in PhenomPath]?: string } | undefined;
  /**
   * A fetch of your own, for a proxy or client certificates. Default: connections of the client's own to the service, and the
   * fetch of Node to stores.
   */
  readonly fetch?: ((request: Request) => Promise<Response>) | undefined;
  /** How long one try of one call may take, and how long a download may stand still. Default 30 s. */
  readonly timeoutMilliseconds?: number | undefined;
  /** How often a call is repeated after 408, 429, 5xx, a broken connection or a timeout. Default 3. */
  readonly retries?: number | undefined;
  /** The waiting times between tries, before jitter; the cap also bounds `Retry-After`. Default 1 s, 2 s … 60 s. */
  readonly backoff?: ScheduleOptions | undefined;
  /** Has each try wait for its turn, and sees how it ends. Default: none waits. */
  readonly gate?: CallerOptions["gate"];
}

/** What all operations are made with. */
export interface Transport {
  readonly api: PhenomApi;
  readonly call: Caller;
}

export function createTransport(options: TransportOptions): Transport {
  const baseUrl = checkedBaseUrl(options.baseUrl);
  return {
    api: createApi({
      baseUrl,
      headers: options.tenantId === undefined ? {} : { "x-tenant-id": options.tenantId },
      paths: options.paths ?? {},
      exchange: options.fetch ? overFetch(options.fetch) : keptConnections(baseUrl),
    }),
    call: createCaller({ service: "PhenOM", ...options }),
  };
}

export const notOfferedStatuses: ReadonlySet<number | undefined> = new Set([404, 405, 501]);

/**
 * The value of a call to an operation that not every deployment has. Throws NOT_OFFERED where this one has not; a 404 of an
 * operation on something by its id may also mean that there is no such thing.
 */
export async function offered<Value>(operation: string, answer: Promise<Answer<Value>>): Promise<Value> {
  try {
    return (await answer).value;
  } catch (error) {
    const failure = httpFailureOf(error);
    if (!(error instanceof OmopipeError && failure && notOfferedStatuses.has(failure.status))) throw error;
    const maybeGone = failure.status === 404 && operation.includes("{");
    throw new OmopipeError(
      "NOT_OFFERED",
      `This deployment of PhenOM does not offer ${operation}${maybeGone ? ", or does not know what it was asked for" : ""}. ` +
        `Score in real time, or ask the operator of the service. ${error.message}`,
      { cause: failure },
    );
  }
}

/** Makes calls to operations that not every deployment has; see {@link offered}. */
export function asker({ call }: Transport) {
  return <Value>(
    operation: `${string} ${PhenomPath}`,
    send: Send,
    schema: z.ZodType<Value>,
    options?: CallOptions & { readonly once?: boolean },
  ): Promise<Value> => offered(operation, call(operation, send, schema, options));
}
