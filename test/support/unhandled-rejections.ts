import { setTimeout as sleep } from "node:timers/promises";

/** Does some work and gives the rejections that nobody had handled a moment later. */
export async function unhandledRejectionsOf(work: () => Promise<unknown>): Promise<unknown[]> {
  const unhandled: unknown[] = [];
  const note = (reason: unknown) => unhandled.push(reason);
  process.on("unhandledRejection", note);
  try {
    await work();
    await sleep(10);
  } finally {
    process.off("unhandledRejection", note);
  }
  return unhandled;
}
