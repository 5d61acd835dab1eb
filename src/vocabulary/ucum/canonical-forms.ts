import { type Factor, parseUnit } from "./parse-unit.ts";
import { dividedBy, one, power, type Ratio, times } from "./ratio.ts";
import { countedThings, prefixes, units } from "./unit-table.ts";

/** A unit in base units, as texts that are equal when the units are. */
export interface CanonicalForms {
  /** What is above and what is below, each by itself: `mg/dL` is `mg.dL-1`, but `ug/L` is not `ng/mL`. */
  readonly fraction: string;
  /** The magnitude of the whole: `ug/L` is `ng/mL`, `mg/dL` is not `g/L`. Dimensions do not cancel: `g/g` is not `L/L`. */
  readonly size: string;
}

/**
 * The canonical forms of a unit. Annotations count as dimensions, whatever their case and punctuation: `{Creat}` is
 * `{creat}`, and `g{creat}` is not `g`. Magnitudes are exact.
 *
 * @example
 * canonicalForms(parseUnit("kU/L")!).fraction === canonicalForms(parseUnit("10*3.[U]/L")!).fraction; // true
 */
export function canonicalForms(factors: readonly Factor[]): CanonicalForms {
  const above: Side = { magnitude: one, dimensions: new Map() };
  const below: Side = { magnitude: one, dimensions: new Map() };

  const add = (factor: Factor, outer: number): void => {
    const { code, prefix, annotation, exponent } = factor;
    const sign = factor.below ? -outer : outer;
    // A power of ten with a negative exponent stays where it is written: 10*-3.eq is meq, above the line.
    const raised = isNumber(code) ? sign : sign * exponent;
    const side = raised < 0 ? below : above;
    if (isNumber(code)) {
      multiply(side, power(BigInt(code === "10*" ? 10 : code), exponent * Math.abs(outer)));
    } else {
      const name = code || compared(annotation);
      const definition = units.get(name)?.definition;
      multiply(side, power(10n, (prefixes.get(prefix) ?? 0) * Math.abs(raised)));
      if (definition === undefined) count(side, name, Math.abs(raised));
      else for (const part of parseUnit(definition)!) add(part, raised);
    }
    if (isAttached(factor)) count(side, compared(annotation), 1);
  };

  for (const factor of factors) add(factor, 1);
  const dimensions = `${listed(above)} / ${listed(below)}`;
  return {
    fraction: `${written(above.magnitude)} / ${written(below.magnitude)} ${dimensions}`,
    size: `${written(dividedBy(above.magnitude, below.magnitude))} ${dimensions}`,
  };
}

/**
 * A unit without the annotations that say only what is measured or counted: `10*3{cells}/uL` is `10*3/uL`, `{RBC}/[HPF]` is
 * `/[HPF]`. Two kinds stay, as they may be part of the unit: one that stands alone and counts nothing (`{ratio}`, `{INR}`),
 * and one with a quantity in it (`mL/min{1.73_m2}`). Gives undefined when nothing is left.
 */
export function withoutAnnotations(factors: readonly Factor[]): readonly Factor[] | undefined {
  const left = factors
    .filter(({ code, annotation }) => code !== "" || !countedThings.has(compared(annotation)))
    .map((factor) =>
      isAttached(factor) && !quantity.test(factor.annotation) ? { ...factor, annotation: "" } : factor,
    );
  return left.length === 0 ? undefined : left;
}

/** A number at the beginning or a decimal number anywhere: not the digits of HbA1c or H2O. */
const quantity = /^\s*\d|\d[.,]\d/;

/** One side of the fraction bar. */
interface Side {
  magnitude: Ratio;
  readonly dimensions: Map<string, number>;
}

const isNumber = (code: string) => code === "10*" || /^\d/.test(code);

const isAttached = ({ code, annotation }: Factor) => code !== "" && annotation !== "";

/** An annotation as it is compared. */
const compared = (annotation: string) => `{${annotation.toLowerCase().replace(/[^\p{L}\p{N}#%+]/gu, "")}}`;

function multiply(side: Side, by: Ratio): void {
  side.magnitude = times(side.magnitude, by);
}

function count(side: Side, dimension: string, times: number): void {
  side.dimensions.set(dimension, (side.dimensions.get(dimension) ?? 0) + times);
}

const written = ({ over, under }: Ratio) => `${over}:${under}`;

const listed = ({ dimensions }: Side) =>
  [...dimensions]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([dimension, exponent]) => `${dimension}^${exponent}`)
    .join(" ");
