import { posix } from "node:path";
import { describe, expect, it } from "vitest";
import { sourceFiles } from "../support/sources.ts";

/** What each room of src/ may import beside itself and schemas/; the picture is in docs/architecture.md. */
const mayImport: Readonly<Record<string, readonly string[]>> = {
  pipeline: [],
  warehouse: ["pipeline"],
  vocabulary: ["pipeline", "warehouse"],
  ingest: ["pipeline", "warehouse", "vocabulary", "clients/http", "clients/fhir"],
  omop: ["pipeline", "warehouse", "vocabulary", "ingest"],
  quality: ["pipeline", "warehouse", "vocabulary", "ingest", "omop"],
  features: ["pipeline", "warehouse", "vocabulary", "ingest", "omop"],
  export: ["pipeline", "warehouse", "vocabulary", "ingest", "omop"],
  clients: ["pipeline"],
  scoring: ["pipeline", "warehouse", "features", "clients"],
  engines: ["pipeline", "warehouse", "clients/http"],
};

const roomOf = (path: string): string => path.split("/")[1]!;

/** Imports of other rooms, as "from → to". */
function crossings(): { from: string; to: string; line: string }[] {
  return sourceFiles("src").flatMap(({ path, imports }) =>
    imports
      .filter((specifier) => specifier.startsWith("."))
      .map((specifier) => posix.join(posix.dirname(path), specifier))
      .filter((to) => roomOf(to) !== roomOf(path))
      .map((to) => ({ from: roomOf(path), to, line: `${path} imports ${to}` })),
  );
}

const isAllowed = ({ from, to }: { from: string; to: string }): boolean => {
  if (to.startsWith("schemas/") || to === "src/version.ts") return true;
  if (from === "index.ts") return true;
  if (to === "src/index.ts") return false;
  if (from === "cli") return true;
  return mayImport[from]?.some((room) => to.startsWith(`src/${room}/`)) ?? false;
};

describe("the rooms of src/", () => {
  it("are those of the picture", () => {
    const rooms = new Set(sourceFiles("src").map(({ path }) => roomOf(path)));
    expect([...rooms].sort()).toEqual([...Object.keys(mayImport), "cli", "index.ts", "version.ts"].sort());
  });

  it("import one way only: from those that data reaches before them", () => {
    const crossed = crossings();
    expect(crossed.length).toBeGreaterThan(50);
    expect(crossed.filter((crossing) => !isAllowed(crossing)).map(({ line }) => line)).toEqual([]);
  });

  it("are told apart by this test", () => {
    const against = (from: string, to: string) => isAllowed({ from, to });
    expect(against("pipeline", "src/warehouse/warehouse.ts")).toBe(false);
    expect(against("ingest", "src/omop/map-to-omop.ts")).toBe(false);
    expect(against("engines", "src/clients/phenom/client.ts")).toBe(false);
    expect(against("warehouse", "src/index.ts")).toBe(false);
    expect(against("engines", "src/clients/http/issues.ts")).toBe(true);
  });
});

describe("what lies beside src/", () => {
  it("has schemas that import nothing of it", () => {
    const foreign = sourceFiles("schemas").flatMap(({ path, imports }) =>
      imports.filter((specifier) => specifier.includes("src/")).map((specifier) => `${path} imports ${specifier}`),
    );
    expect(foreign).toEqual([]);
  });

  it("has pipelines that use the package as its users do", () => {
    const foreign = sourceFiles("pipelines").flatMap(({ path, imports }) =>
      imports
        .filter((specifier) => specifier !== "omopipe" && !specifier.startsWith("node:"))
        .map((specifier) => `${path} imports ${specifier}`),
    );
    expect(foreign).toEqual([]);
  });
});
