import { describe, expect, it } from "vitest";
import type { PatientHistory } from "../../../schemas/phenom.ts";
import { createPhenomClient } from "../../../src/clients/phenom/client.ts";
import { localOutcomeId } from "../../../src/engines/phenom/outcomes.ts";
import { servePhenom } from "../../../src/engines/phenom/serve-phenom.ts";

const globals = [globalThis.Request, globalThis.Response];

function historyOf(patient_id: string, code: string): PatientHistory {
  return {
    patient: { patient_id, birth_date: "1950-01-01", sex: "M", zip3: "606" },
    diagnoses: [{ diagnosis_date: "2020-06-15", code, code_type_name: "ICD10" }],
  };
}

describe("the client against the engine", () => {
  it("scores many patients at once and gives each its own result", async () => {
    await using engine = await servePhenom({ token: "secret" });
    const client = createPhenomClient({ baseUrl: engine.url, token: "secret" });
    const codes = ["I10", "I21.9", "C50.9", "K76.6", "C79.5"];
    const scored = await Promise.all(
      Array.from({ length: 100 }, async (_, number) => {
        const history = historyOf(`patient ${number}`, codes[number % codes.length] ?? "");
        const { results } = await client.scorePatient({ history, outcomeIds: [localOutcomeId] });
        return { number, result: results[0] };
      }),
    );
    for (const { number, result } of scored) expect(result?.patient_id).toBe(`patient ${number}`);
    const probabilities = scored.slice(0, codes.length).map(({ result }) => result?.probability);
    expect(probabilities).toEqual([0.2252, 0.4661, 0.7864, 0.9775, 1].map((value) => expect.closeTo(value, 4)));
  });

  it("gives the same answer to the same history, whoever was scored before", async () => {
    const history = historyOf("the same", "I21.9");
    const answers = await Promise.all(
      [[], ["C79.5", "C50.9", "I10"]].map(async (before) => {
        await using engine = await servePhenom({ token: "secret" });
        const client = createPhenomClient({ baseUrl: engine.url, token: "secret" });
        for (const code of before) {
          await client.scorePatient({ history: historyOf(code, code), outcomeIds: [localOutcomeId] });
        }
        return (await client.scorePatient({ history, outcomeIds: [localOutcomeId] })).results;
      }),
    );
    expect(answers[0]).toHaveLength(1);
    expect(answers[1]).toEqual(answers[0]);
  });

  it("fails with the engine's own words for a wrong token or outcome", async () => {
    await using engine = await servePhenom({ token: "secret" });
    const stranger = createPhenomClient({ baseUrl: engine.url, token: "wrong" });
    const request = { history: historyOf("p", "I10"), outcomeIds: ["other"] };
    await expect(stranger.scorePatient(request)).rejects.toThrow("A valid bearer token is required");
    const client = createPhenomClient({ baseUrl: engine.url, token: "secret" });
    await expect(client.scorePatient(request)).rejects.toThrow(`this engine offers ${localOutcomeId}`);
  });
});

describe("serving", () => {
  it("leaves the global Request and Response as they are", async () => {
    await using engine = await servePhenom({ token: "secret" });
    expect(engine.url).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
    expect([globalThis.Request, globalThis.Response]).toEqual(globals);
  });

  it("says which port is taken", async () => {
    await using engine = await servePhenom({ token: "secret" });
    const port = Number(new URL(engine.url).port);
    await expect(servePhenom({ token: "secret", port })).rejects.toMatchObject({
      code: "USAGE",
      message: expect.stringContaining(String(port)),
    });
  });

  it("ends when it is closed, once or twice", async () => {
    const engine = await servePhenom({ token: "secret" });
    await fetch(engine.url);
    await engine.close();
    await engine.close();
    await expect(fetch(engine.url)).rejects.toThrow();
  });
});
