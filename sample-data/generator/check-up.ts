import type { LabName } from "./catalogue/labs.ts";
import type { OperationName } from "./catalogue/operations.ts";
import { vaccines } from "./catalogue/vaccines.ts";
import { employmentAnswers, questions, smokingAnswers } from "./catalogue/visits.ts";
import { type Chart, observe, openVisit, type Visit } from "./chart.ts";
import { takeLabs, takeVitalSigns } from "./measure.ts";
import { dateTime, minute, month, year } from "./time.ts";

/** A visit without an illness: measuring, asking, screening, vaccinating. */
export function checkUp(chart: Chart, at: number): void {
  const age = (at - chart.traits.born) / year;
  const visit = openVisit(chart, at, {
    class: "AMB",
    type: age < 18 ? "childCheckUp" : "checkUp",
    operations: screenings(chart, age),
  });
  takeVitalSigns(chart, visit, { acute: false });
  if (age >= 18) ask(chart, visit);
  if (age >= 35 && chart.random.chance(0.15)) takeLabs(chart, visit, cardiovascularRisk);
  vaccinate(chart, visit);
}

const cardiovascularRisk: readonly LabName[] = ["cholesterol", "hdl", "glucose", "egfr"];

function screenings(chart: Chart, age: number): OperationName[] {
  const { random, life, traits } = chart;
  const due: OperationName[] = [];
  if (life.person.sexAtBirth === "female" && age >= 50 && age < 75 && random.chance(0.4)) due.push("mammography");
  if (age >= 50 && age < 76 && random.chance(0.12)) due.push("colonoscopy");
  if (age >= 18 && random.chance(0.2)) due.push("depression screening");
  if (age >= 18 && traits.smoking === "daily" && random.chance(0.4)) due.push("smoking cessation education");
  return due;
}

function ask(chart: Chart, visit: Visit): void {
  const { random, traits } = chart;
  if (random.chance(0.4)) {
    const code = smokingAnswers[traits.smoking];
    observe(chart, visit, { category: "social-history", code: questions.smoking, value: { kind: "coded", code } });
  }
  if (random.chance(0.15)) {
    const number = chart.diseases.has("depression") ? random.integer(2, 6) : random.integer(0, 2);
    observe(chart, visit, { category: "survey", code: questions.mood, value: { kind: "integer", number } });
  }
  if (visit.age < 67 && random.chance(0.12)) {
    const code = random.pick(employmentAnswers);
    observe(chart, visit, { category: "social-history", code: questions.employment, value: { kind: "coded", code } });
  }
  if (random.chance(0.06)) {
    const yes = random.chance(0.1);
    observe(chart, visit, { category: "survey", code: questions.armedForces, value: { kind: "boolean", yes } });
  }
}

function vaccinate(chart: Chart, visit: Visit): void {
  const months = visit.age * 12;
  for (const { code, months: due, doses, apart, share, untilYear } of vaccines) {
    const given = chart.doses.get(code.code) ?? { count: 0, last: -Infinity };
    const early = months < due[0] || visit.start - given.last < apart * month;
    const late = months > due[1] || new Date(visit.start).getUTCFullYear() > (untilYear ?? Infinity);
    if (early || late || given.count >= doses || !chart.random.chance(share)) continue;
    chart.doses.set(code.code, { count: given.count + 1, last: visit.start });
    chart.life.vaccinations.push({
      id: chart.random.uuid(),
      code,
      at: dateTime(visit.start + 14 * minute),
      encounter: visit.encounter.id,
      lot: `SAMPLE-${chart.random.integer(1000, 9999)}`,
      firstHand: !chart.random.chance(0.04),
    });
  }
}
