import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createObjectStore, tooLarge } from "../../../src/engines/phenom/object-store.ts";
import { openFolder } from "../../support/folder.ts";

async function* chunksOf(...chunks: (string | Uint8Array)[]): AsyncGenerator<Uint8Array> {
  for (const chunk of chunks) yield Buffer.from(chunk);
}

const md5 = (content: string | Uint8Array) => createHash("md5").update(content).digest();

describe("the store", () => {
  it("keeps a file as it came, with its size and MD5", async () => {
    await using folder = await openFolder();
    const store = createObjectStore(folder.path);
    const stored = await store.write("a/b.csv", chunksOf("one,", "two"));
    expect(stored).toEqual({ key: "a/b.csv", sizeBytes: 7, etag: `"${md5("one,two").toString("hex")}"` });
    expect(await readFile(store.pathOf("a/b.csv"), "utf8")).toBe("one,two");
    expect(await new Response((await store.read("a/b.csv"))?.content).text()).toBe("one,two");
    expect(await store.read("a")).toBeUndefined();
  });

  it("keeps what it had when the next does not come whole, or is too large", async () => {
    await using folder = await openFolder();
    const store = createObjectStore(folder.path);
    await store.write("file", chunksOf("first"));
    async function* broken() {
      yield Buffer.from("sec");
      throw new Error("gone");
    }
    await expect(store.write("file", broken())).rejects.toThrow("gone");
    await expect(store.write("file", chunksOf("second"), 5)).rejects.toBe(tooLarge);
    expect(await readFile(store.pathOf("file"), "utf8")).toBe("first");
    expect(await folder.list()).toEqual(["file"]);
  });

  it("makes one file of parts, whatever they hold", async () => {
    await using folder = await openFolder();
    const store = createObjectStore(folder.path);
    const part = fc.uint8Array({ maxLength: 300 });
    await fc.assert(
      fc.asyncProperty(fc.array(part, { minLength: 1, maxLength: 5 }), async (contents) => {
        const parts = [];
        for (const [number, content] of contents.entries())
          parts.push(await store.write(`p/${number}`, chunksOf(content)));
        const whole = await store.join("whole", parts);
        expect(await readFile(store.pathOf("whole"))).toEqual(Buffer.concat(contents));
        expect(whole.etag).toBe(`"${md5(Buffer.concat(contents.map(md5))).toString("hex")}-${contents.length}"`);
        for (const { key } of parts) expect(await store.read(key)).toBeUndefined();
      }),
      { numRuns: 30 },
    );
  });
});
