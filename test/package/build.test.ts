import { execFile } from "node:child_process";
import { cp, readdir, stat, symlink } from "node:fs/promises";
import { promisify } from "node:util";
import { publint } from "publint";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Folder, openFolder } from "../support/folder.ts";
import { projectFile } from "../support/sources.ts";

const execute = promisify(execFile);
let folder: Folder;

/** The sources beside their dependencies, built by `npm run build` over what an earlier version left. */
beforeAll(async () => {
  folder = await openFolder();
  const packed = ["package.json", "sample-data", "pipelines", "docs", "CHANGELOG.md", "README.md", "LICENSE"];
  const parts = [...packed, "tsconfig.json", "tsconfig.build.json", "scripts", "src", "schemas"];
  for (const part of parts) await cp(projectFile(part), folder.file(part), { recursive: true });
  await symlink(projectFile("node_modules"), folder.file("node_modules"));
  await folder.write("dist/src/omop/fhir/earlier.sql", "select no_such_column from landing.patient");
  await execute("npm", ["run", "build"], { cwd: folder.path });
}, 120_000);

afterAll(() => folder?.[Symbol.asyncDispose]());

describe("the built package", () => {
  it("is as package managers and bundlers expect it", async () => {
    const { messages } = await publint({ pkgDir: folder.path, strict: true, pack: false });
    expect(messages).toEqual([]);
  });

  it("has nothing of an earlier build in it", async () => {
    expect(await readdir(folder.file("dist/src/omop/fhir"))).not.toContain("earlier.sql");
  });

  it("can be imported by name, and has its SQL, its schemas and its tables with it", async () => {
    await folder.write(
      "in/a.ndjson",
      '{"resourceType":"Patient","id":"p","gender":"female","birthDate":"1950-06-01"}\n',
    );
    const script = await folder.write(
      "use.mjs",
      `import { fhirFiles, mapToOmop, openWarehouse, patientHistories, pipeline } from "omopipe";
       const warehouse = await openWarehouse(":memory:");
       const run = pipeline(fhirFiles("in"), mapToOmop({ noVocabulary: true }), patientHistories());
       console.log(JSON.stringify((await run.run(warehouse)).tables));
       await warehouse.close();`,
    );
    const { stdout } = await execute(process.execPath, [script], { cwd: folder.path });
    expect(JSON.parse(stdout)).toMatchObject({ person: 1 });
  });

  it("has a command that runs without TypeScript", async () => {
    const { stdout } = await execute(process.execPath, [folder.file("dist/src/cli/main.js"), "--help"]);
    expect(stdout).toMatch(/^Usage: omopipe /);
    // A link to it that npm made before goes on working.
    expect((await stat(folder.file("dist/src/cli/main.js"))).mode & 0o111).toBe(0o111);
  });
});
