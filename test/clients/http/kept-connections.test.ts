import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { describe, expect, it } from "vitest";
import type { JsonRequest } from "../../../src/clients/http/json-exchange.ts";
import { keptConnections } from "../../../src/clients/http/kept-connections.ts";
import { TimeLimit } from "../../../src/clients/http/time-limit.ts";
import { answer, cutBody, hangUp, loopback, silence, stall } from "./loopback.ts";

const clientOf = (url: string) => {
  const exchange = keptConnections(url);
  return (path: string, more: Partial<JsonRequest> = {}, limit = new TimeLimit()) =>
    exchange({ method: "GET", url: `${url}${path}`, headers: {}, ...more }, { headers: {}, limit });
};

describe("kept connections", () => {
  it("send method, path, query, headers and body, and give status, headers and JSON", async () => {
    await using server = await loopback(answer(201, { name: "Zoë" }, { "Retry-After": "3" }));
    const { data, response } = await clientOf(server.url)("/base/thing?page=2", {
      method: "POST",
      headers: { authorization: "Bearer t", "content-type": "application/json" },
      body: '{"city":"Ålesund"}',
    });
    expect(data).toEqual({ name: "Zoë" });
    expect([response.ok, response.status, response.headers.get("retry-after")]).toEqual([true, 201, "3"]);
    expect(response.headers.get("absent")).toBeNull();
    expect(server.received).toMatchObject([{ method: "POST", url: "/base/thing?page=2", body: '{"city":"Ålesund"}' }]);
    expect(server.received[0]?.headers).toMatchObject({
      authorization: "Bearer t",
      "content-type": "application/json",
      "content-length": "19",
    });
  });

  it("are used again by calls one after the other", async () => {
    const ports = new Set<number | undefined>();
    const server = createServer((request, response) => {
      ports.add(request.socket.remotePort);
      response.setHeader("content-type", "application/json").end("{}");
    }).listen(0, "127.0.0.1");
    await new Promise((resolve) => server.once("listening", resolve));
    const client = clientOf(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
    for (let calls = 0; calls < 10; calls++) expect((await client("/thing")).data).toEqual({});
    server.close();
    server.closeAllConnections();
    // The next call may come before the connection of the last one is free.
    expect(ports.size).toBeLessThanOrEqual(2);
  });

  it("give the text of an answer that is no success, and do not follow redirects", async () => {
    await using server = await loopback(
      answer(422, "not like this"),
      answer(307, "", { location: "/elsewhere" }),
      answer(200, { name: "elsewhere" }),
    );
    const client = clientOf(server.url);
    expect((await client("/thing")).error).toBe("not like this");
    const { response } = await client("/thing");
    expect([response.ok, response.status]).toEqual([false, 307]);
    expect(server.received).toHaveLength(2);
  });

  it.each([
    ["hung up", hangUp],
    ["cut short", cutBody],
  ])("reject with the socket's error as cause where the answer was %s", async (_name, behaviour) => {
    await using server = await loopback(behaviour);
    const error = await clientOf(server.url)("/thing").catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(TypeError);
    expect((error as Error).cause).toMatchObject({ code: expect.any(String) });
  });

  it.each([
    ["before it is sent", answer(200, {}), 0],
    ["while nothing comes", silence, 30],
    ["while the body stands still", stall, 30],
  ])("reject once the time of the try is over, %s", async (_name, behaviour, milliseconds) => {
    await using server = await loopback(behaviour);
    const limit = new TimeLimit();
    if (milliseconds === 0) limit.end();
    else setTimeout(() => limit.end(), milliseconds);
    await expect(clientOf(server.url)("/thing", {}, limit)).rejects.toThrow();
  });
});
