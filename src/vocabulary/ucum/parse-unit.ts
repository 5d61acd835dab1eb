import { prefixes, synonyms, units } from "./unit-table.ts";

/** One factor of a unit: a number, a power of ten, a unit, or an annotation that stands alone. */
export interface Factor {
  /** The unit in its first spelling; `10*`; a number's digits; or empty for an annotation that stands alone. */
  readonly code: string;
  readonly prefix: string;
  readonly exponent: number;
  /** Whether it divides. */
  readonly below: boolean;
  /** The text between braces, as written; empty where there is none. */
  readonly annotation: string;
}

/** The longest text that is read as a unit. A code of the CDM has at most 50 characters. */
export const longestUnit = 100;

/**
 * Reads a UCUM expression (case-sensitive, UCUM 2.0.1 section 2.2): prefixes, units, exponents, `.`, `/` from left to right,
 * parentheses, annotations, `10*` and `10^`. Parentheses are multiplied out. A name in brackets that is not known is read
 * as a unit of its own, as OMOP has many. Not read are functions (`lg(…)`), and `2.5`, which is ten in UCUM and two and a
 * half to everyone else.
 *
 * Gives undefined for what is no such expression. Cost: linear in the text.
 *
 * @example
 * parseUnit("mg/dL"); // [{ code: "g", prefix: "m", exponent: 1, below: false, … }, { code: "L", prefix: "d", below: true, … }]
 */
export function parseUnit(text: string): readonly Factor[] | undefined {
  if (text.length > longestUnit || decimal.test(text)) return undefined;
  let position = 0;

  const take = (pattern: RegExp): string | undefined => {
    pattern.lastIndex = position;
    const found = pattern.exec(text)?.[0];
    if (found !== undefined) position += found.length;
    return found;
  };

  const term = (below: boolean): Factor[] | undefined => {
    const factors: Factor[] = [];
    let divides = take(/\//y) !== undefined;
    while (true) {
      const component = factor(below !== divides);
      if (component === undefined) return undefined;
      factors.push(...component);
      const operator = take(/[./]/y);
      if (operator === undefined) return factors;
      divides = operator === "/";
    }
  };

  const factor = (below: boolean): Factor[] | undefined => {
    if (take(/\(/y) !== undefined) {
      const inner = term(below);
      return take(/\)/y) === undefined ? undefined : inner;
    }
    const symbol = take(/(?:\[[^[\]]+\]|[^./(){}[\]\s])+/y);
    const annotation = take(/\{[^{}]*[\p{L}\p{N}#%][^{}]*\}/uy)?.slice(1, -1) ?? "";
    if (symbol === undefined) return annotation === "" ? undefined : [{ ...nothing, below, annotation }];
    const read = readSymbol(symbol);
    return read && [{ ...nothing, ...read, below, annotation }];
  };

  const factors = term(false);
  return position === text.length ? factors : undefined;
}

/** A unit as UCUM spells it. Read again it gives the same factors. */
export function printUnit(factors: readonly Factor[]): string {
  return factors
    .map(({ code, prefix, exponent, below, annotation }, i) => {
      const operator = below ? "/" : i === 0 ? "" : ".";
      return `${operator}${prefix}${code}${exponent === 1 ? "" : exponent}${annotation && `{${annotation}}`}`;
    })
    .join("");
}

const decimal = /(?<![^./(])\d+\.\d+(?![^./){])/;
const nothing = { code: "", prefix: "", exponent: 1 };

function readSymbol(symbol: string): Partial<Factor> | undefined {
  if (/^[1-9]\d{0,8}$/.test(symbol)) return { code: symbol };
  const powerOfTen = /^10[*^]([+-]?\d{1,2})?$/.exec(symbol);
  if (powerOfTen) return { code: "10*", exponent: Number(powerOfTen[1] ?? 1) };
  const [, name, exponent] = /^(.*?[^\d+-])([+-]?[1-9])?$/.exec(symbol) ?? [];
  const unit = name === undefined ? undefined : unitOf(name);
  return unit && { ...unit, exponent: Number(exponent ?? 1) };
}

function unitOf(name: string): Pick<Factor, "code" | "prefix"> | undefined {
  const code = synonyms.get(name) ?? name;
  if (units.has(code) || /^\[[^[\]]+\]$/.test(code)) return { code, prefix: "" };
  for (const length of [1, 2]) {
    const [prefix, rest] = [name.slice(0, length), name.slice(length)];
    const metric = synonyms.get(rest) ?? rest;
    if (prefixes.has(prefix) && units.get(metric)?.metric) return { code: metric, prefix };
  }
  return undefined;
}
