import { parseUnit } from "./ucum/parse-unit.ts";

/** Another spelling of a unit: a line of `schemas/unit-aliases.csv`. */
export interface UnitAlias {
  /** A whole unit, or one factor of it: what stands between `/`, `.` and parentheses. */
  readonly spelling: string;
  /** What it means, in UCUM or as the vocabulary spells it; empty where it may mean several things and is not matched. */
  readonly unit: string;
}

/**
 * A unit as people type it, in the characters of UCUM: `µ` is `u`, `m²` and `m^2` are `m2`, `x10^9`, `10E9`, `10⁹` and
 * `10 9` before the unit are `10*9`, `mg per dL` and `mg / dL` are `mg/dL`.
 */
export function tidied(text: string): string {
  return text
    .replace(/(?<=10)[⁻⁺]?[⁰¹²³⁴-⁹]+/g, (power) => `*${power.normalize("NFKC")}`)
    .normalize("NFKC")
    .replace(/μ/g, "u")
    .replace(/×/g, "x")
    .replace(/−/g, "-")
    .replace(/[·⋅]/g, ".")
    .replace(/\s+/g, " ")
    .trim()
    .replace(/(?<=^| )per /gi, "/")
    .replace(/ ?\/ ?/g, "/")
    .replace(/(?<=\p{L})\.(?=$|\/)/gu, "")
    .replace(/^(?:[x*] ?)?10(?:(?:\^|\*\*?|e\+?|exp| )\(?|\()(-?\d{1,2})\)?(?!\d)/i, "10*$1")
    .replace(/(?<=[\p{L}\]])(?:\^|\*\*)(?=-?\d)/gu, "");
}

/**
 * Reads aliases: gives what a tidied text means, with each alias in it replaced; the text itself where it has none; and
 * undefined where it has one that means several things. A text that UCUM can read is an alias only as written, any other in
 * whatever case: `MM` might be megameters, `MMHG` is nothing in UCUM.
 */
export function createAliasReader(aliases: Iterable<UnitAlias>): (text: string) => string | undefined {
  const asWritten = new Map<string, string>();
  const inAnyCase = new Map<string, string>();
  for (const { spelling, unit } of aliases) {
    const written = tidied(spelling);
    const folded = written.toLowerCase();
    const meant = unit === "" ? several : unit;
    asWritten.set(written, meant);
    inAnyCase.set(folded, (inAnyCase.get(folded) ?? meant) === meant ? meant : several);
  }
  const meaning = (text: string) =>
    asWritten.get(text) ?? (parseUnit(text) ? undefined : inAnyCase.get(text.toLowerCase()));
  const inFactors = (text: string) => text.split(betweenFactors).map((factor) => meaning(factor) ?? factor);
  const inTerms = (text: string) => text.split(/(\/)/).flatMap((term) => meaning(term) ?? inFactors(term));

  return (text) => {
    const parts = [meaning(text) ?? inTerms(text)].flat();
    return parts.includes(several) ? undefined : parts.join("");
  };
}

/** The meaning of a spelling that has several. */
const several = "?";

/** A point between digits is a decimal point. */
const betweenFactors = /((?<!\d)\.|\.(?!\d)|[()])/;
