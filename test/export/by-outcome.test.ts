import { describe, expect, it } from "vitest";
import { arrow } from "../../src/export/arrow.ts";
import { parquet } from "../../src/export/sql-formats.ts";
import { mappedWarehouse } from "../../src/omop/map-to-omop.ts";
import { pipeline } from "../../src/pipeline/pipeline.ts";
import { openCdm, person } from "../support/cdm.ts";
import { openFolder } from "../support/folder.ts";

describe("scores by outcome", () => {
  it("are one file an outcome, which readers of partitions read as one table; what was there before is gone", async () => {
    await using folder = await openFolder();
    await using warehouse = await openCdm({ "cdm.person": [person(1)] });
    await warehouse.run("create table results.risk_score (person_id bigint, outcome_id varchar)");
    const options = { tables: ["risk_score"], byOutcome: true };
    const write = () =>
      pipeline(mappedWarehouse(), parquet(folder.path, options), arrow(folder.path, options)).run(warehouse);
    await warehouse.run("insert into results.risk_score values (1, 'left')");
    await write();
    await warehouse.run("delete from results.risk_score");
    await warehouse.run("insert into results.risk_score values (1, 'death/10 years'), (2, 'stay''s'), (3, 'stay''s')");
    await write();
    const files = `${folder.path}/risk_score_by_outcome.parquet/*/*.parquet`;
    expect(
      await warehouse.rows(
        `select outcome_id, person_id from read_parquet('${files}', hive_partitioning => true) order by person_id`,
      ),
    ).toEqual([
      { outcome_id: "death/10 years", person_id: 1 },
      { outcome_id: "stay's", person_id: 2 },
      { outcome_id: "stay's", person_id: 3 },
    ]);
    expect(await folder.list()).toEqual(["risk_score_by_outcome.arrow", "risk_score_by_outcome.parquet"]);
  });
});
