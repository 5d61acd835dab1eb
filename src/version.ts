import { readFileSync } from "node:fs";

/** The version of omopipe, from its package.json: two folders up from here in the sources, three in the built package. */
export const softwareVersion: string = (["../package.json", "../../package.json"] as const)
  .flatMap((path) => {
    try {
      return [JSON.parse(readFileSync(new URL(path, import.meta.url), "utf8")) as { name: string; version: string }];
    } catch {
      return [];
    }
  })
  .find(({ name }) => name === "omopipe")!.version;
