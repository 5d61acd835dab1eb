import { generateKeyPairSync } from "node:crypto";
import { describe, expect, it } from "vitest";
import { publicJwks, readSmartKey } from "../../../src/clients/fhir/smart-key.ts";
import { failureOf } from "../../support/failure.ts";

const rsa = generateKeyPairSync("rsa", { modulusLength: 2048 }).privateKey;
const elliptic = generateKeyPairSync("ec", { namedCurve: "P-384" }).privateKey;
const pem = (key: typeof rsa, type: "pkcs8" | "pkcs1" | "sec1") => key.export({ type, format: "pem" }) as string;
const jwk = (key: typeof rsa, more: object = {}) => ({ ...key.export({ format: "jwk" }), ...more });

describe("a private key", () => {
  it.each([
    ["PEM in PKCS #8", pem(rsa, "pkcs8"), "RS384"],
    ["PEM in PKCS #1", pem(rsa, "pkcs1"), "RS384"],
    ["PEM in SEC 1", pem(elliptic, "sec1"), "ES384"],
    ["a JWK", JSON.stringify(jwk(rsa)), "RS384"],
    ["a JWKS", JSON.stringify({ keys: [{ kty: "RSA", n: "public", e: "AQAB" }, jwk(elliptic)] }), "ES384"],
  ])("may be %s", async (_, text, algorithm) => {
    expect((await readSmartKey(text)).algorithm).toBe(algorithm);
  });

  it("is called as the caller says, as its JWK says, or by its thumbprint", async () => {
    const named = JSON.stringify(jwk(rsa, { kid: "spring" }));
    expect((await readSmartKey(named, "autumn")).keyId).toBe("autumn");
    expect((await readSmartKey(named)).keyId).toBe("spring");
    const thumbprint = (await readSmartKey(pem(rsa, "pkcs8"))).keyId;
    expect(thumbprint).toMatch(/^[\w-]{43}$/);
    expect((await readSmartKey(pem(rsa, "pkcs1"))).keyId).toBe(thumbprint);
  });

  it("is found in a JWKS by its name", async () => {
    const keys = JSON.stringify({ keys: [jwk(rsa, { kid: "old" }), jwk(elliptic, { kid: "new" })] });
    expect(await readSmartKey(keys, "new")).toMatchObject({ algorithm: "ES384", keyId: "new" });
    expect((await failureOf(readSmartKey(keys, "other"))).message).toContain("it has no such key id");
  });

  it("shows of itself the public half alone", async () => {
    const { keys } = await publicJwks(pem(elliptic, "pkcs8"));
    expect(keys.map((key) => Object.keys(key).sort())).toEqual([["alg", "crv", "kid", "kty", "use", "x", "y"]]);
    expect(keys[0]).toMatchObject({ alg: "ES384", use: "sig" });
    const [ofRsa] = (await publicJwks(pem(rsa, "pkcs8"))).keys;
    expect(Object.keys(ofRsa!).sort()).toEqual(["alg", "e", "kid", "kty", "n", "use"]);
  });

  it.each([
    ["of another curve", pem(generateKeyPairSync("ec", { namedCurve: "P-256" }).privateKey, "pkcs8")],
    ["that is broken", pem(rsa, "pkcs8").replace(/[A-Z]{3}/g, "")],
    ["that is broken JSON", '{"kty":"RSA","d":"s3cret'],
    ["that is public", JSON.stringify({ keys: [{ kty: "RSA", n: "abc", e: "AQAB" }] })],
    ["that is none", "s3cret"],
  ])("%s is refused, and nothing of it is told", async (_, text) => {
    const error = await failureOf(readSmartKey(text));
    expect(error.code).toBe("USAGE");
    expect(error.message).toMatch(/^The private key cannot be used: /);
    expect(error.message).not.toContain("s3cret");
  });
});
