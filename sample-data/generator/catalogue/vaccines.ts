import { type Code, cvx } from "../codes.ts";

/** A vaccine and when it is due. */
export interface Vaccine {
  readonly code: Code;
  /** Age in months from which the first dose is due, and after which none is given. */
  readonly months: readonly [from: number, until: number];
  readonly doses: number;
  /** Months from one dose to the next. */
  readonly apart: number;
  /** The share of due doses that are given. */
  readonly share: number;
  /** It was given up to this year. */
  readonly untilYear?: number;
}

const lifelong = 1200;

export const vaccines: readonly Vaccine[] = [
  {
    code: cvx("08", "hepatitis B vaccine, pediatric or pediatric/adolescent dosage"),
    months: [0, 24],
    doses: 3,
    apart: 2,
    share: 0.95,
  },
  { code: cvx("119", "rotavirus, live, monovalent vaccine"), months: [2, 8], doses: 2, apart: 2, share: 0.9 },
  {
    code: cvx("20", "diphtheria, tetanus toxoids and acellular pertussis vaccine"),
    months: [2, 72],
    doses: 5,
    apart: 2,
    share: 0.95,
  },
  {
    code: cvx("49", "Haemophilus influenzae type b vaccine, PRP-OMP conjugate"),
    months: [2, 18],
    doses: 3,
    apart: 2,
    share: 0.9,
  },
  { code: cvx("133", "pneumococcal conjugate vaccine, 13 valent"), months: [2, 24], doses: 4, apart: 2, share: 0.9 },
  { code: cvx("10", "poliovirus vaccine, inactivated"), months: [2, 72], doses: 4, apart: 2, share: 0.95 },
  { code: cvx("03", "measles, mumps and rubella virus vaccine"), months: [12, 72], doses: 2, apart: 36, share: 0.95 },
  { code: cvx("21", "varicella virus vaccine"), months: [12, 72], doses: 2, apart: 36, share: 0.9 },
  {
    code: cvx("83", "hepatitis A vaccine, pediatric/adolescent dosage, 2 dose schedule"),
    months: [12, 48],
    doses: 2,
    apart: 6,
    share: 0.8,
  },
  {
    code: cvx("115", "tetanus toxoid, reduced diphtheria toxoid, and acellular pertussis vaccine, adsorbed"),
    months: [132, 216],
    doses: 1,
    apart: 0,
    share: 0.8,
  },
  {
    code: cvx("62", "human papilloma virus vaccine, quadrivalent"),
    months: [132, 216],
    doses: 2,
    apart: 6,
    share: 0.6,
  },
  {
    code: cvx(
      "113",
      "tetanus and diphtheria toxoids, adsorbed, preservative free, for adult use (5 Lf of tetanus toxoid and 2 Lf of diphtheria toxoid)",
    ),
    months: [228, lifelong],
    doses: 2,
    apart: 120,
    share: 0.3,
  },
  {
    code: cvx("33", "pneumococcal polysaccharide vaccine, 23 valent"),
    months: [780, lifelong],
    doses: 1,
    apart: 0,
    share: 0.7,
  },
  {
    code: cvx("121", "zoster vaccine, live"),
    months: [720, lifelong],
    doses: 1,
    apart: 0,
    share: 0.4,
    untilYear: 2020,
  },
  {
    code: cvx("140", "Influenza, split virus, trivalent, injectable, preservative free"),
    months: [6, lifelong],
    doses: 30,
    apart: 10,
    share: 0.35,
  },
];
