/** The seventeen groups of the Charlson comorbidity index, in the order of Quan et al. 2005. */
export type CharlsonGroup =
  | "myocardial infarction"
  | "congestive heart failure"
  | "peripheral vascular disease"
  | "cerebrovascular disease"
  | "dementia"
  | "chronic pulmonary disease"
  | "rheumatic disease"
  | "peptic ulcer disease"
  | "mild liver disease"
  | "diabetes without chronic complication"
  | "diabetes with chronic complication"
  | "hemiplegia or paraplegia"
  | "renal disease"
  | "any malignancy"
  | "moderate or severe liver disease"
  | "metastatic solid tumor"
  | "AIDS/HIV";

/** Points of each group. Source: Charlson et al. 1987, table 3 (doi:10.1016/0021-9681(87)90171-8). */
export const charlsonWeights: Readonly<Record<CharlsonGroup, number>> = {
  "myocardial infarction": 1,
  "congestive heart failure": 1,
  "peripheral vascular disease": 1,
  "cerebrovascular disease": 1,
  dementia: 1,
  "chronic pulmonary disease": 1,
  "rheumatic disease": 1,
  "peptic ulcer disease": 1,
  "mild liver disease": 1,
  "diabetes without chronic complication": 1,
  "diabetes with chronic complication": 2,
  "hemiplegia or paraplegia": 2,
  "renal disease": 2,
  "any malignancy": 2,
  "moderate or severe liver disease": 3,
  "metastatic solid tumor": 6,
  "AIDS/HIV": 6,
};

/** Where two groups are one disease, lighter and heavier, only the heavier counts: [lighter, heavier]. */
export const charlsonHierarchy: readonly (readonly [CharlsonGroup, CharlsonGroup])[] = [
  ["mild liver disease", "moderate or severe liver disease"],
  ["diabetes without chronic complication", "diabetes with chronic complication"],
  ["any malignancy", "metastatic solid tumor"],
];

/**
 * ICD-10 codes of each group: a code belongs to a group when it begins with one of these; "I60-I69" means all from
 * I60 to I69. Source: Quan et al. 2005, table 1, column ICD-10 (doi:10.1097/01.mlr.0000182534.19832.83).
 */
export const charlsonIcd10: Readonly<Record<CharlsonGroup, string>> = {
  "myocardial infarction": "I21 I22 I25.2",
  "congestive heart failure": "I09.9 I11.0 I13.0 I13.2 I25.5 I42.0 I42.5-I42.9 I43 I50 P29.0",
  "peripheral vascular disease": "I70 I71 I73.1 I73.8 I73.9 I77.1 I79.0 I79.2 K55.1 K55.8 K55.9 Z95.8 Z95.9",
  "cerebrovascular disease": "G45 G46 H34.0 I60-I69",
  dementia: "F00-F03 F05.1 G30 G31.1",
  "chronic pulmonary disease": "I27.8 I27.9 J40-J47 J60-J67 J68.4 J70.1 J70.3",
  "rheumatic disease": "M05 M06 M31.5 M32-M34 M35.1 M35.3 M36.0",
  "peptic ulcer disease": "K25-K28",
  "mild liver disease": "B18 K70.0-K70.3 K70.9 K71.3-K71.5 K71.7 K73 K74 K76.0 K76.2-K76.4 K76.8 K76.9 Z94.4",
  "diabetes without chronic complication":
    "E10.0 E10.1 E10.6 E10.8 E10.9 E11.0 E11.1 E11.6 E11.8 E11.9 E12.0 E12.1 E12.6 E12.8 E12.9 " +
    "E13.0 E13.1 E13.6 E13.8 E13.9 E14.0 E14.1 E14.6 E14.8 E14.9",
  "diabetes with chronic complication":
    "E10.2-E10.5 E10.7 E11.2-E11.5 E11.7 E12.2-E12.5 E12.7 E13.2-E13.5 E13.7 E14.2-E14.5 E14.7",
  "hemiplegia or paraplegia": "G04.1 G11.4 G80.1 G80.2 G81 G82 G83.0-G83.4 G83.9",
  "renal disease": "I12.0 I13.1 N03.2-N03.7 N05.2-N05.7 N18 N19 N25.0 Z49.0-Z49.2 Z94.0 Z99.2",
  "any malignancy": "C00-C26 C30-C34 C37-C41 C43 C45-C58 C60-C76 C81-C85 C88 C90-C97",
  "moderate or severe liver disease": "I85.0 I85.9 I86.4 I98.2 K70.4 K71.1 K72.1 K72.9 K76.5 K76.6 K76.7",
  "metastatic solid tumor": "C77-C80",
  "AIDS/HIV": "B20-B22 B24",
};
