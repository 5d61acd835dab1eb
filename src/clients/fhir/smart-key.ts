import { createPrivateKey, createPublicKey, type KeyObject } from "node:crypto";
import { calculateJwkThumbprint, type JWK } from "jose";
import { messageOf, OmopipeError } from "../../pipeline/errors.ts";

/** The algorithms that SMART Backend Services asks every server to take. */
export type SmartAlgorithm = "RS384" | "ES384";

/** A private key that client assertions are signed with. */
export interface SmartKey {
  readonly algorithm: SmartAlgorithm;
  /** Its name in the JWKS that the server knows. */
  readonly keyId: string;
  readonly privateKey: KeyObject;
  /** What the server may know of it. */
  readonly publicJwk: JWK;
}

/**
 * Reads a private key: PEM (PKCS #8, PKCS #1 or SEC 1), a JWK, or a JWKS, of which the first private key counts, or the one
 * called `keyId`. RSA keys sign with RS384, keys on the curve P-384 with ES384. A key without a name is called by its
 * thumbprint (RFC 7638). Throws USAGE when it is none of these; the message holds nothing of the key.
 */
export async function readSmartKey(text: string, keyId?: string | undefined): Promise<SmartKey> {
  const jwk = jwkOf(text, keyId);
  const privateKey = keyOf(jwk ?? text);
  const publicJwk = createPublicKey(privateKey).export({ format: "jwk" }) as JWK;
  const algorithm = publicJwk.kty === "RSA" ? "RS384" : publicJwk.crv === "P-384" ? "ES384" : undefined;
  if (algorithm === undefined) throw unusable("it is neither an RSA key nor one on the curve P-384");
  const name = keyId ?? jwk?.kid ?? (await calculateJwkThumbprint(publicJwk));
  return { algorithm, keyId: name, privateKey, publicJwk: { ...publicJwk, kid: name, alg: algorithm, use: "sig" } };
}

/**
 * The public half of a private key as a JWKS, to be registered with a server for SMART Backend Services. Takes what
 * `smartBackendToken` takes as `privateKey`.
 *
 * @example
 * console.log(JSON.stringify(await publicJwks(await readFile("private-key.pem", "utf8"))));
 */
export async function publicJwks(privateKey: string, keyId?: string): Promise<{ keys: JWK[] }> {
  return { keys: [(await readSmartKey(privateKey, keyId)).publicJwk] };
}

function jwkOf(text: string, keyId: string | undefined): JWK | undefined {
  if (!text.trimStart().startsWith("{")) return undefined;
  let parsed: JWK & { keys?: JWK[] };
  try {
    parsed = JSON.parse(text);
  } catch {
    // The text of a syntax error quotes the key, so it goes no further.
    throw unusable("it begins as JSON does, but is none");
  }
  if (parsed.keys === undefined) return parsed;
  const found = parsed.keys.find((key) => key.d !== undefined && (keyId === undefined || key.kid === keyId));
  if (found === undefined)
    throw unusable(keyId === undefined ? "its JWKS has no private key" : "it has no such key id");
  return found;
}

function keyOf(key: JWK | string): KeyObject {
  try {
    return typeof key === "string" ? createPrivateKey(key) : createPrivateKey({ key: { ...key }, format: "jwk" });
  } catch (error) {
    const code = error instanceof Error && "code" in error ? String(error.code) : messageOf(error).slice(0, 60);
    throw unusable(`it could not be read (${code})`);
  }
}

function unusable(why: string): OmopipeError {
  return new OmopipeError(
    "USAGE",
    `The private key cannot be used: ${why}. Give an RSA key or one on the curve P-384, as PEM without a passphrase, JWK or JWKS.`,
  );
}
