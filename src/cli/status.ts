import { openExisting } from "./run-pipeline.ts";
import { textTable } from "./table.ts";

/** `omopipe status`. */
export async function status(options: { readonly warehouse: string }): Promise<void> {
  await using warehouse = await openExisting(options.warehouse);
  const runs = await warehouse.rows(`
    select
      run_id, started_at, status, round(epoch(ended_at - started_at), 1) as seconds,
      array_to_string(stages, ' → ') as stages, message
    from meta.run order by started_at desc limit 20`);
  process.stdout.write(textTable(runs));
}
