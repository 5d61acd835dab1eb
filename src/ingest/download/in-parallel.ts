/**
 * Works on items, so many at once. At the first failure no further item is begun; those in work come to their end (`stopped`
 * tells them), and then it rejects with that failure.
 */
export async function inParallel<Item>(
  items: readonly Item[],
  concurrency: number,
  work: (item: Item, stopped: () => boolean) => Promise<void>,
): Promise<void> {
  const waiting = items.values();
  const failures: unknown[] = [];
  const stopped = () => failures.length > 0;
  const worker = async () => {
    for (const item of waiting) {
      if (stopped()) return;
      await work(item, stopped).catch((error: unknown) => failures.push(error));
    }
  };
  await Promise.all(Array.from({ length: concurrency }, worker));
  if (failures.length > 0) throw failures[0];
}
