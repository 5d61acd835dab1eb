import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { globSync } from "tinyglobby";
import ts from "typescript";

const root = fileURLToPath(new URL("../../", import.meta.url));

/** The path of a file of the project. */
export const projectFile = (path: string): string => `${root}${path}`;

export interface SourceFile {
  /** From the root of the project: "src/export/arrow.ts". */
  readonly path: string;
  /** What it imports, types included, as it is written. */
  readonly imports: readonly string[];
}

/** The TypeScript files below these folders. */
export function sourceFiles(...folders: readonly string[]): SourceFile[] {
  const paths = globSync(
    folders.map((folder) => `${folder}/**/*.ts`),
    { cwd: root },
  );
  return paths.sort().map((path) => ({
    path,
    imports: ts.preProcessFile(readFileSync(projectFile(path), "utf8")).importedFiles.map(({ fileName }) => fileName),
  }));
}
