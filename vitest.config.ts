import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";
import { BaseSequencer, type TestSpecification } from "vitest/node";

/** The golden cases take longest, and begin first: one of them at the end would leave the other worker without work. */
class GoldenFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files);
    const isGolden = ({ moduleId }: TestSpecification) => moduleId.includes("/golden");
    return [...sorted.filter(isGolden), ...sorted.filter((file) => !isGolden(file))];
  }
}

export default defineConfig({
  resolve: { alias: { omopipe: fileURLToPath(new URL("src/index.ts", import.meta.url)) } },
  test: {
    include: ["test/**/*.test.ts"],
    globalSetup: ["test/support/build-command-line.ts"],
    testTimeout: 30_000,
    hookTimeout: 30_000,
    maxWorkers: 2,
    sequence: { sequencer: GoldenFirst },
    // Each worker loads the sources and DuckDB once, not once a file: a twentieth of the time of the suite.
    isolate: false,
  },
});
