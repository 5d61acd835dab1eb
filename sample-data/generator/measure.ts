import { type Lab, type LabName, labs, type NumericLab } from "./catalogue/labs.ts";
import { growth } from "./catalogue/people.ts";
import { vitalSigns } from "./catalogue/visits.ts";
import { type Chart, observe, type Visit } from "./chart.ts";
import type { Code } from "./codes.ts";
import type { Observation, Value } from "./life.ts";

/** Blood pressure and weight, and height of children; temperature, pulse and oxygen of the acutely ill. */
export function takeVitalSigns(
  chart: Chart,
  visit: Visit,
  state: { acute: boolean; fever?: boolean | undefined },
): void {
  if (visit.age >= 3 && (state.acute || chart.random.chance(0.5))) takeBloodPressure(chart, visit);
  if (state.acute) takeAcuteSigns(chart, visit, state.fever ?? false);
  else takeBodyMeasures(chart, visit);
}

function takeAcuteSigns(chart: Chart, visit: Visit, fever: boolean): void {
  const { random } = chart;
  takeVitalSign(chart, visit, vitalSigns.temperature, rounded(random.around(fever ? 38.6 : 36.8, 0.3), 1), "Cel");
  takeVitalSign(chart, visit, vitalSigns.heartRate, Math.round(random.around(fever ? 98 : 80, 8)), "/min");
  if (visit.encounter.class !== "IMP") return;
  takeVitalSign(chart, visit, vitalSigns.oxygenSaturation, Math.round(random.around(94, 1.5)), "%");
}

function takeBodyMeasures(chart: Chart, visit: Visit): void {
  const { height, weight, bodyMassIndex } = bodyAt(chart, visit.age);
  const child = visit.age < 18;
  if (child || chart.random.chance(0.3)) takeVitalSign(chart, visit, vitalSigns.weight, rounded(weight, 1), "kg");
  if (child) takeVitalSign(chart, visit, vitalSigns.height, rounded(height, 1), "cm");
  else if (chart.random.chance(0.2)) {
    takeVitalSign(chart, visit, vitalSigns.bodyMassIndex, rounded(bodyMassIndex, 1), "kg/m2");
  }
}

function takeBloodPressure(chart: Chart, visit: Visit): void {
  const raised = chart.diseases.has("hypertension") ? 16 : 0;
  const systolic = Math.round(chart.random.around(96 + Math.min(visit.age, 70) * 0.4 + raised, 7));
  const diastolic = Math.round(chart.random.around(58 + Math.min(visit.age, 50) * 0.35 + raised / 2, 5));
  observe(chart, visit, {
    category: "vital-signs",
    code: vitalSigns.bloodPressure,
    components: [
      { code: vitalSigns.systolic, value: { kind: "quantity", number: systolic, unit: "mm[Hg]" } },
      { code: vitalSigns.diastolic, value: { kind: "quantity", number: diastolic, unit: "mm[Hg]" } },
    ],
  });
}

function takeVitalSign(chart: Chart, visit: Visit, code: Code, number: number, unit: string): void {
  observe(chart, visit, { category: "vital-signs", code, value: { kind: "quantity", number, unit } });
}

function bodyAt(chart: Chart, age: number): { height: number; weight: number; bodyMassIndex: number } {
  const { traits, random } = chart;
  const index = growth.findIndex((point) => point.age > age);
  const [from, to] = index < 0 ? [growth.at(-1)!, growth.at(-1)!] : [growth[index - 1]!, growth[index]!];
  const part = to.age === from.age ? 0 : (age - from.age) / (to.age - from.age);
  const height = (from.height + part * (to.height - from.height)) * traits.tallness;
  const obese = chart.diseases.has("obesity") ? 8 : 0;
  const adult = random.around(traits.bodyMassIndex + obese, 0.6);
  const child = (from.weight + part * (to.weight - from.weight)) * traits.tallness ** 2;
  const weight = age < 18 ? child * (1 + obese / 25) : adult * (height / 100) ** 2;
  return { height, weight, bodyMassIndex: adult };
}

/** Does the named laboratory tests, each once. */
export function takeLabs(chart: Chart, visit: Visit, names: Iterable<LabName>): void {
  for (const name of new Set(names)) observe(chart, visit, result(chart, visit, labs[name]));
}

function result(chart: Chart, visit: Visit, lab: Lab): Omit<Observation, "id" | "at" | "encounter"> {
  if ("texts" in lab) {
    const text = chart.random.pick(lab.texts);
    const interpretation = lab.interpretation?.[text];
    return { category: "laboratory", code: lab.code, value: { kind: "text", text }, interpretation };
  }
  const changed = Object.entries(lab.changedBy ?? {}).find(([disease]) => chart.diseases.has(disease as never));
  const [mean, deviation] = changed?.[1] ?? lab.usual;
  const number = rounded(Math.max(0, chart.random.around(mean, deviation)), lab.decimals);
  const old = lab.before !== undefined && new Date(visit.start).getUTCFullYear() < lab.before.year;
  return {
    category: lab.category ?? "laboratory",
    code: old ? lab.before.code : lab.code,
    value: reported(number, lab),
    range: lab.range,
    interpretation: lab.range && interpret(number, lab.range),
  };
}

function reported(number: number, { unit, limits }: NumericLab): Value {
  if (limits?.above !== undefined && number > limits.above) {
    return { kind: "quantity", number: limits.above, unit, comparator: ">" };
  }
  if (limits?.below !== undefined && number < limits.below) {
    return { kind: "quantity", number: limits.below, unit, comparator: "<" };
  }
  return { kind: "quantity", number, unit };
}

/** Laboratories mark what is out of range and leave the rest unmarked. */
function interpret(number: number, range: NonNullable<NumericLab["range"]>): "H" | "L" | undefined {
  if (range.low !== undefined && number < range.low) return "L";
  return range.high !== undefined && number > range.high ? "H" : undefined;
}

function rounded(number: number, decimals: number): number {
  return Math.round(number * 10 ** decimals) / 10 ** decimals;
}
