/** The outcome that the engine scores: the estimate to die within ten years. */
export const localOutcomeId = "local_charlson_10y_mortality";

/**
 * The outcome of the examples in the service's user guide, so that they run against the engine as they stand. It is
 * answered with the same estimate as {@link localOutcomeId}, which is not what the service's own model would say.
 */
export const guideOutcomeId = "v0p3_65plus_fixed_anchor_2023_JanToDec_04012025_any_time_hospitalization_future_1month";

export const offeredOutcomeIds: readonly string[] = [localOutcomeId, guideOutcomeId];

/** What stands behind every score of the engine, and its version: raised when the same history gets another answer. */
export const modelSource =
  "omopipe engine 2: Charlson comorbidity index (Charlson 1987 and 1994, ICD-10 groups of Quan 2005), a published index, not a trained model";
