import { existsSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import * as z from "zod";
import { fhirToOmopSchema } from "../../schemas/fhir-to-omop.ts";

interface Shape {
  readonly type?: string;
  readonly $ref?: string;
  readonly properties?: Readonly<Record<string, Shape>>;
  readonly items?: Shape;
}

const file = fileURLToPath(new URL("../../../shared/contracts/phenoml.openapi.json", import.meta.url));
const here = existsSync(file);
const title = here
  ? "The contract of fhir2omop"
  : "The contract of fhir2omop (left out: ../shared/contracts is not there)";

/** Every member of a shape with its type, as "tables.person[].person_id integer". */
function membersOf(shape: Shape, resolve: (shape: Shape) => Shape, path = ""): string[] {
  const { type, properties = {}, items } = resolve(shape);
  if (items) return membersOf(items, resolve, `${path}[]`);
  const names = Object.keys(properties);
  if (names.length === 0) return [`${path} ${type}`];
  return names.flatMap((name) => membersOf(properties[name]!, resolve, path === "" ? name : `${path}.${name}`));
}

describe.skipIf(!here)(title, () => {
  test("has every member of our answer, with its type; it has also tables of what it does not shape", () => {
    const { schemas } = JSON.parse(readFileSync(file, "utf8")).components;
    const theirs = membersOf(schemas.CreateOmopResponse, (shape) =>
      shape.$ref === undefined ? shape : schemas[shape.$ref.replace("#/components/schemas/", "")],
    );
    const ours = membersOf(z.toJSONSchema(fhirToOmopSchema) as Shape, (shape) => shape);
    expect(ours.filter((member) => !theirs.includes(member))).toEqual([]);
    expect(
      theirs.filter((member) => !ours.includes(member) && !/^tables\.(care_site|provider)\[\]/.test(member)),
    ).toEqual([]);
  });
});
