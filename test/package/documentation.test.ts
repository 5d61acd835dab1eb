import ts from "typescript";
import { describe, expect, it } from "vitest";
import { projectFile } from "../support/sources.ts";

const config = ts.getParsedCommandLineOfConfigFile(
  projectFile("tsconfig.json"),
  {},
  { ...ts.sys, onUnRecoverableConfigFileDiagnostic: () => {} },
)!;
const index = projectFile("src/index.ts");
const program = ts.createProgram([index], config.options);
const checker = program.getTypeChecker();

const exported = checker
  .getExportsOfModule(checker.getSymbolAtLocation(program.getSourceFile(index)!)!)
  .map((symbol) => (symbol.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol));

const isDocumented = (symbol: ts.Symbol): boolean => symbol.getDocumentationComment(checker).length > 0;

/** Options need no sentence of their own when each member that may be left out has one. */
const explainsItsMembers = (symbol: ts.Symbol): boolean =>
  symbol.name.endsWith("Options") &&
  checker
    .getDeclaredTypeOfSymbol(symbol)
    .getProperties()
    .every((member) => !(member.flags & ts.SymbolFlags.Optional) || isDocumented(member));

describe("what the package exports", () => {
  it("is explained where it is declared", () => {
    expect(exported.length).toBeGreaterThan(40);
    const mute = exported.filter((symbol) => !isDocumented(symbol) && !explainsItsMembers(symbol));
    expect(mute.map(({ name }) => name)).toEqual([]);
  });

  it("has an example for every stage", () => {
    const isStage = (symbol: ts.Symbol) =>
      symbol.flags & ts.SymbolFlags.Function &&
      /^(Stage|Pipeline)</.test(
        checker.typeToString(checker.getTypeOfSymbol(symbol).getCallSignatures()[0]!.getReturnType()),
      );
    const stages = exported.filter(isStage);
    expect(stages.length).toBeGreaterThan(10);
    const bare = stages.filter((symbol) => !symbol.getJsDocTags(checker).some(({ name }) => name === "example"));
    expect(bare.map(({ name }) => name)).toEqual([]);
  });
});
