import { canonicalForms, withoutAnnotations } from "./ucum/canonical-forms.ts";
import { type Factor, longestUnit, parseUnit, printUnit } from "./ucum/parse-unit.ts";
import { createAliasReader, tidied, type UnitAlias } from "./unit-spelling.ts";

/** A unit of the vocabulary: a standard, valid concept of the vocabulary UCUM. */
export interface UnitConcept {
  readonly conceptId: number;
  readonly code: string;
}

/** A unit as a source writes it. The code decides; the text is read where there is no code, or none that can be read. */
export interface WrittenUnit {
  readonly code?: string | null | undefined;
  readonly text?: string | null | undefined;
}

/** Gives the concept of a unit; undefined where the vocabulary has none, or several that could be meant. */
export type UnitMatcher = (unit: WrittenUnit) => number | undefined;

/**
 * Matches units with the concepts of a vocabulary, by the first of these that leads to any:
 *
 * 1. the concept code as written;
 * 2. the same unit by UCUM: in another spelling (`ml` is `mL`, `IU/L` is `[iU]/L`), as the same fraction (`kU/L` is
 *    `10*3.[U]/L`), of the same size (`10*3/uL` is `10*9/L`);
 * 3. the same for what the aliases make of it (`mmHg`, `x10E9/L`, `[lb_av]`); a spelling that may mean several things (`G/L`)
 *    is not matched;
 * 4. the same without annotations (`%{Hgb}` is `%`).
 *
 * Where that leads to several concepts, it gives none. Only equal units match, so that no value ever has to be rescaled;
 * what counts as equal is said in `ucum/unit-table.ts`. The rules in full: docs/mapping.md#units.
 *
 * Cost: a thousand concepts are read in some ten milliseconds, a unit is matched in some ten microseconds.
 *
 * @example
 * const match = createUnitMatcher([{ conceptId: 8645, code: "[U]/L" }]);
 * match({ code: "U/L" }); // 8645
 * match({ code: "kU/L" }); // undefined: a thousand times as much
 */
export function createUnitMatcher(concepts: Iterable<UnitConcept>, aliases: Iterable<UnitAlias> = []): UnitMatcher {
  const index = indexOf(concepts);
  const meaning = createAliasReader(aliases);

  return ({ code, text }) => {
    for (const written of [code?.trim(), text?.trim()]) {
      if (!written || written.length > longestUnit) continue;
      const exact = index.get(asCode(written));
      if (exact) return exact[0];
      const tidy = tidied(written);
      const meant = meaning(tidy);
      if (meant === undefined) continue;
      const spellings = [...new Set([written, tidy, meant])];
      const keys = [...spellings.flatMap(keysOf), ...spellings.flatMap(keysWithoutAnnotations)];
      const found = keys.map((key) => index.get(key)).find((ids) => ids !== undefined);
      if (found) return found.length === 1 ? found[0] : undefined;
      if (spellings.some(parseUnit)) return undefined;
    }
    return undefined;
  };
}

/** The concepts by all that a unit can be found by. */
function indexOf(concepts: Iterable<UnitConcept>): ReadonlyMap<string, readonly number[]> {
  const index = new Map<string, number[]>();
  for (const { conceptId, code } of [...concepts].sort((a, b) => a.conceptId - b.conceptId)) {
    // Of several concepts with one code the lowest is taken, as everywhere.
    if (index.has(asCode(code))) continue;
    const factors = parseUnit(withDenominatorsInParentheses(code));
    for (const key of [asCode(code), ...formKeys(factors)]) index.set(key, [...(index.get(key) ?? []), conceptId]);
  }
  return index;
}

/** OMOP writes `g/100.g` for `g/(100.g)`; in UCUM it is `(g/100).g`. */
function withDenominatorsInParentheses(code: string): string {
  return code.replace(/\/(\d[\d*-]*\.[^/()]+)/g, "/($1)");
}

/** What a spelling can be found by; what says most first. */
function keysOf(spelling: string): string[] {
  return [asCode(spelling), ...factorKeys(parseUnit(spelling))];
}

function keysWithoutAnnotations(spelling: string): string[] {
  const factors = parseUnit(spelling);
  return factorKeys(factors && withoutAnnotations(factors));
}

function factorKeys(factors: readonly Factor[] | undefined): string[] {
  return factors ? [asCode(printUnit(factors)), ...formKeys(factors)] : [];
}

function formKeys(factors: readonly Factor[] | undefined): string[] {
  if (factors === undefined) return [];
  const { fraction, size } = canonicalForms(factors);
  return [`fraction ${fraction}`, `size ${size}`];
}

const asCode = (code: string) => `code ${code}`;
