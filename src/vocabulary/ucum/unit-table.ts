/**
 * The units that are read and what they are made of: facts from the UCUM specification, version 2.0.1 (ucum.org).
 *
 * UCUM makes moles, equivalents, osmoles, percent and arbitrary units plain numbers, and the enzyme unit a number of moles
 * a minute. A unit of a measurement says more than that: here each is a dimension of its own, and so are hertz and
 * becquerel, gray and sievert. What is not listed is either a name in brackets, which is a dimension of its own too, or
 * no unit.
 */

/** Prefixes as powers of ten. */
export const prefixes: ReadonlyMap<string, number> = new Map(
  Object.entries({
    ...{ Y: 24, Z: 21, E: 18, P: 15, T: 12, G: 9, M: 6, k: 3, h: 2, da: 1 },
    ...{ d: -1, c: -2, m: -3, u: -6, n: -9, p: -12, f: -15, a: -18, z: -21, y: -24 },
  }),
);

/** A unit: in terms of others, or a dimension of its own. Metric units take prefixes. */
export interface UnitDefinition {
  readonly metric: boolean;
  readonly definition?: string | undefined;
}

const ownDimension = {
  metric: "m s g rad K C cd sr mol eq osm Hz Bq Gy Sv Cel kat [U] [iU] m[H2O] m[Hg] eV u Ci R RAD REM B Np bit By Da",
  // pH is OMOP's spelling of [pH], in UCUM a picohenry; the tonne is metric in UCUM, and a foot (ft) a nanogram.
  nonMetric: "% deg gon pH t",
};

const definitions = {
  metric: {
    L: "dm3",
    N: "kg.m/s2",
    Pa: "N/m2",
    bar: "100000.Pa",
    J: "N.m",
    W: "J/s",
    A: "C/s",
    V: "J/C",
    F: "C/V",
    Ohm: "V/A",
    S: "A/V",
    Wb: "V.s",
    T: "Wb/m2",
    H: "Wb/A",
    lm: "cd.sr",
    lx: "lm/m2",
    dyn: "g.cm/s2",
    erg: "dyn.cm",
    P: "dyn.s/cm2",
    St: "cm2/s",
    cal: "4184.10*-3.J",
    "g%": "g/dL",
  },
  nonMetric: {
    min: "60.s",
    h: "60.min",
    d: "24.h",
    wk: "7.d",
    a: "36525.10*-2.d",
    a_j: "a",
    a_g: "3652425.10*-4.d",
    mo: "a/12",
    mo_j: "mo",
    mo_g: "a_g/12",
    atm: "101325.Pa",
    "[Cal]": "kcal",
    // An annotation that means a unit: the body surface that clearances are related to.
    "{173m2}": "173.10*-2.m2",
  },
};

export const units: ReadonlyMap<string, UnitDefinition> = new Map<string, UnitDefinition>([
  ...ownDimension.metric.split(" ").map((code) => [code, { metric: true }] as const),
  ...ownDimension.nonMetric.split(" ").map((code) => [code, { metric: false }] as const),
  ...Object.entries(definitions.metric).map(([code, definition]) => [code, { metric: true, definition }] as const),
  ...Object.entries(definitions.nonMetric).map(([code, definition]) => [code, { metric: false, definition }] as const),
]);

/** Other spellings of a unit, by UCUM (`l`, `[IU]`), by OMOP (`[U]` for `U`, `y`, `w`, `sec`, `hr`) or by everyone (`IU`). */
export const synonyms: ReadonlyMap<string, string> = new Map(
  Object.entries({
    l: "L",
    U: "[U]",
    IU: "[iU]",
    "[IU]": "[iU]",
    "[pH]": "pH",
    y: "a",
    w: "wk",
    hr: "h",
    sec: "s",
  }),
);

/** Annotations that say only what is counted. Standing alone they are the number one. */
export const countedThings: ReadonlySet<string> = new Set(
  "# number count counts cell cells rbc wbc ery copies beat beats breath breaths"
    .split(" ")
    .map((thing) => `{${thing}}`),
);
