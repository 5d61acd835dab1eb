// load-vocabulary.ts FOLDER [CACHE_HOME]: loads a vocabulary and prints what came of it. With CACHE_HOME, as a user who may
// write nowhere else, and whose caches are there.

import { loadVocabulary } from "../../src/vocabulary/load-vocabulary.ts";
import { openWarehouse } from "../../src/warehouse/warehouse.ts";

const [folder = "", cacheHome] = process.argv.slice(2);
if (cacheHome !== undefined) {
  process.env.XDG_CACHE_HOME = cacheHome;
  if (process.getuid?.() === 0) process.setuid!(65534);
}
await using warehouse = await openWarehouse(":memory:");
const outcome = await loadVocabulary(warehouse, folder).catch(({ code, message }: Error & { code: string }) => ({
  code,
  message,
}));
console.log(JSON.stringify(outcome));
