import { setTimeout as sleep } from "node:timers/promises";
import { expect, test } from "vitest";
import { createObjectStore } from "../../../src/engines/phenom/object-store.ts";
import { openFolder } from "../../support/folder.ts";

test("a store that is closed while something is written leaves nothing behind, and takes nothing more", async () => {
  await using folder = await openFolder();
  const store = createObjectStore(folder.file("store"));
  await store.write("whole", one());
  const writing = store.write("endless", endless()).catch((error) => error);
  await sleep(20);
  await store.close();
  expect(await writing).toBeInstanceOf(Error);
  await expect(store.write("late", one())).rejects.toThrow("closed");
  expect(await folder.list()).toEqual([]);
});

async function* one() {
  yield Buffer.from("a file");
}

async function* endless() {
  while (true) {
    await sleep(1);
    yield Buffer.from("more");
  }
}
