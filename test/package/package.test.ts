import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { projectFile, sourceFiles } from "../support/sources.ts";

const facts = JSON.parse(readFileSync(projectFile("package.json"), "utf8"));

describe("the package", () => {
  it("is an ES module for Node.js 20.19 and newer, under Apache-2.0", () => {
    expect(facts).toMatchObject({
      name: "omopipe",
      type: "module",
      license: "Apache-2.0",
      engines: { node: ">=20.19" },
      sideEffects: false,
    });
    expect(readFileSync(projectFile("LICENSE"), "utf8")).toMatch(/Apache License\s+Version 2\.0/);
  });

  it("has one entrance, with types, and one command", () => {
    expect(facts.exports).toEqual({
      ".": { types: "./dist/src/index.d.ts", default: "./dist/src/index.js" },
      "./csv-mapping.schema.json": "./dist/schemas/csv-mapping.schema.json",
      "./package.json": "./package.json",
    });
    expect(facts.bin).toEqual({ omopipe: "dist/src/cli/main.js" });
    expect(readFileSync(projectFile("src/cli/main.ts"), "utf8")).toMatch(/^#!\/usr\/bin\/env node\n/);
  });

  it("names the exact version of everything it is built on", () => {
    for (const [name, version] of Object.entries({ ...facts.dependencies, ...facts.devDependencies })) {
      expect(version, name).toMatch(/^\d+\.\d+\.\d+(-[\w.]+)?$/);
    }
  });

  it("runs nothing on a user's machine when it is installed", () => {
    const atInstall = ["preinstall", "install", "postinstall"];
    expect(Object.keys(facts.scripts).filter((name) => atInstall.includes(name))).toEqual([]);
  });

  it("depends on what its sources import, no less and no more", () => {
    const imported = sourceFiles("src", "schemas").flatMap(({ imports }) =>
      imports
        .filter((specifier) => !/^(\.|node:)/.test(specifier))
        .map((specifier) => /^(@[^/]+\/)?[^/]+/.exec(specifier)![0]),
    );
    expect([...new Set(imported)].sort()).toEqual(Object.keys(facts.dependencies).sort());
  });
});
