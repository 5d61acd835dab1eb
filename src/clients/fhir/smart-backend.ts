import { randomUUID } from "node:crypto";
import { SignJWT } from "jose";
import { z } from "zod";
import { checkedBaseUrl } from "../http/base-url.ts";
import { type Caller, type CallerOptions, createCaller } from "../http/caller.ts";
import { exchangeOf } from "../http/exchange.ts";
import type { Token } from "../http/token.ts";
import { readSmartKey } from "./smart-key.ts";

export interface SmartBackendOptions extends Omit<CallerOptions, "service" | "token"> {
  /** The base of the FHIR server, whose `.well-known/smart-configuration` says where tokens are had. */
  readonly baseUrl: string;
  /** Where tokens are had, when the server does not say it or not truly. */
  readonly tokenUrl?: string | undefined;
  /** The name that the server knows this client by. */
  readonly clientId: string;
  /** A private key as PEM, JWK or JWKS: the text itself, not the name of a file. */
  readonly privateKey: string;
  /** The name of the key in the JWKS that the server knows. Default: that of the JWK, or else its thumbprint. */
  readonly keyId?: string | undefined;
  /** The rights to ask for. Default "system/*.read". */
  readonly scope?: string | undefined;
}

const configuration = z.looseObject({ token_endpoint: z.url() });
/** Some servers say 300 as a text, or nothing of use: such a token is used until it is refused. */
const lifetime = z.coerce.number().positive().optional().catch(undefined);
const grant = z.looseObject({ access_token: z.string(), expires_in: lifetime });

/** The guide allows five minutes at most. */
const assertionSeconds = 240;
const assertionType = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

/**
 * Gets tokens as SMART Backend Services describes (SMART App Launch 2, `private_key_jwt`): a client assertion signed with
 * RS384 or ES384, exchanged for an access token, which is renewed shortly before it expires. Give it as `token` to
 * `fhirServer` or `bulkExport`; any number of them may share it.
 *
 * @example
 * const token = smartBackendToken({ baseUrl, clientId: "etl", privateKey: await readFile("private-key.pem", "utf8") });
 */
export function smartBackendToken(options: SmartBackendOptions): Token {
  const { baseUrl, clientId, privateKey, keyId, scope = "system/*.read" } = options;
  const base = checkedBaseUrl(baseUrl).replace(/\/*$/, "/");
  const call = createCaller({ service: "The authorization server", ...options, token: undefined });
  let found: Promise<string> | undefined;
  const tokenUrl = () => {
    found ??= options.tokenUrl === undefined ? discover(base, call) : Promise.resolve(options.tokenUrl);
    found.catch(() => {
      found = undefined;
    });
    return found;
  };
  return async () => {
    const key = await readSmartKey(privateKey, keyId);
    const url = await tokenUrl();
    const asked = Date.now();
    const { value } = await call(
      "POST (token)",
      async ({ limit: { signal } }) => {
        // Made anew for each try: a server takes an assertion once.
        const assertion = await new SignJWT()
          .setProtectedHeader({ alg: key.algorithm, kid: key.keyId, typ: "JWT" })
          .setIssuer(clientId)
          .setSubject(clientId)
          .setAudience(url)
          .setJti(randomUUID())
          .setIssuedAt()
          .setExpirationTime(`${assertionSeconds}s`)
          .sign(key.privateKey);
        const body = new URLSearchParams({
          grant_type: "client_credentials",
          scope,
          client_assertion_type: assertionType,
          client_assertion: assertion,
        });
        return exchangeOf(await fetch(url, { method: "POST", body, signal, redirect: "manual" }));
      },
      grant,
    );
    const { access_token: token, expires_in: seconds } = value;
    return seconds === undefined ? token : { token, expiresAt: asked + seconds * 1000 };
  };
}

async function discover(base: string, call: Caller): Promise<string> {
  const url = new URL(".well-known/smart-configuration", base);
  const { value } = await call(
    "GET /.well-known/smart-configuration",
    async ({ limit: { signal } }) =>
      exchangeOf(await fetch(url, { headers: { accept: "application/json" }, signal, redirect: "manual" })),
    configuration,
  );
  return value.token_endpoint;
}
