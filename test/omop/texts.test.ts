import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { listFormat, literal, sqlText } from "../../src/warehouse/sql-text.ts";
import { openWarehouse, type Warehouse } from "../../src/warehouse/warehouse.ts";

const schemas = new URL("../../schemas/", import.meta.url);
const folder = new URL("../../src/omop/texts/", import.meta.url).href;

let warehouse: Warehouse;

beforeAll(async () => {
  warehouse = await openWarehouse(":memory:");
  await warehouse.run("create schema if not exists mapping");
  const parts = {
    list_format: listFormat,
    named_characters: literal(new URL("named-characters.csv", schemas).pathname),
  };
  for (const file of ["characters", "html", "rtf", "attachments"]) {
    await warehouse.run(sqlText(folder, `${file}.sql`, parts));
  }
});

afterAll(() => warehouse.close());

const textOfHtml = "mapping.readable(mapping.unmarked_html(text))";
const textOfRtf = "mapping.readable(mapping.unmarked_rtf(text))";
const decoded = "mapping.decoded(text)";

/** What SQL makes of a text. */
async function call(expression: string, text: string): Promise<string | null> {
  return (await callAll(expression, [text]))[0]!;
}

async function callAll(expression: string, texts: readonly string[]): Promise<(string | null)[]> {
  const rows = await warehouse.rows<{ text: string | null }>(
    `select ${expression} as text from (select unnest(from_json($1, '["VARCHAR"]')) as text)`,
    [JSON.stringify(texts)],
  );
  return rows.map(({ text }) => text);
}

/** Holds a law for many texts, a handful of them in each statement. */
async function holds(
  texts: fc.Arbitrary<string>,
  expression: string,
  law: (given: string, made: string | null) => void,
) {
  await fc.assert(
    fc.asyncProperty(fc.array(texts, { minLength: 1, maxLength: 30, size: "max" }), async (given) => {
      const made = await callAll(expression, given);
      expect(made).toHaveLength(given.length);
      for (const [i, text] of given.entries()) law(text, made[i]!);
    }),
    { numRuns: 40 },
  );
}

const words = (text: string | null) => (text ?? "").split(/\s+/).filter((word) => word !== "");
const word = fc.stringMatching(/^[a-zäé0-9.,;:%°µ€+-]{1,8}$/);
/** What may stand in a text and be no part of it. */
const junk = fc.stringMatching(/^[a-zA-Z0-9 <>/{}\n]{0,12}$/);
const space = fc.constantFrom(" ", "\n", "\t ", "  \r\n");

describe("HTML", () => {
  test.each([
    ["<p>one</p><p>two</p>", "one\n\ntwo"],
    ["one<br>two<br/><br/>three", "one\ntwo\n\nthree"],
    ["<div>one</div><div><div>two</div></div>three", "one\ntwo\nthree"],
    ["<ul><li>one</li>\n <li>two</li></ul>", "one\ntwo"],
    ["<table><tr><td>Na</td><td>140</td></tr><tr><td>K</td><td>4</td></tr></table>", "Na\t140\nK\t4"],
    ["a\n  b<b>c</b>d", "a bcd"],
    ["<pre>a  b\n   c</pre>d  e", "a  b\n   c\nd e"],
    [
      "caf&eacute; &lt;5 &#8217;&#x2019;&#150; a&nbsp;b &amp;lt; &unknown; AT&T &#1114112;",
      "café <5 ’’– a b &lt; &unknown; AT&T &#1114112;",
    ],
    ["<head><title>x</title></head><style>p>a {}</style><!-- <p>x</p> --><script>if (a<b) c()</script>text", "text"],
    ['<p title="a>b" class=\'"\'>text</p>', "text"],
    ["WBC <5, K>3, 2 < 3", "WBC <5, K>3, 2 < 3"],
    ["", ""],
  ])("%j", async (html, text) => {
    expect(await call(textOfHtml, html)).toBe(text);
  });

  const attribute = fc.oneof(
    junk.map((value) => `title="${value}"`),
    junk.map((value) => `data-x='${value}'`),
    fc.constantFrom("hidden", "class=a"),
  );
  const inline = fc.constantFrom("b", "i", "span", "font", "o:p", "A");
  const block = fc.constantFrom("p", "div", "LI", "td", "tr", "h2", "pre", "section", "body");
  const hidden = junk.map((text) => `<!--${text.replaceAll(">", "")}-->`);
  const script = fc.tuple(fc.constantFrom("script", "style"), junk).map(([tag, text]) => `<${tag}>${text}</${tag}>`);
  const { html } = fc.letrec<{ html: string }>((tie) => ({
    html: fc
      .array(
        fc.oneof(
          { weight: 5, arbitrary: fc.tuple(space, word).map((pair) => pair.join("")) },
          { weight: 1, arbitrary: fc.oneof(hidden, script, fc.constantFrom("<br>", "<hr />", "<img src='a>b'>")) },
          fc
            .tuple(fc.oneof(inline, block), fc.array(attribute, { maxLength: 2 }), tie("html"))
            .map(([tag, attributes, inner]) => `<${[tag, ...attributes].join(" ")}>${inner}</${tag}>`),
        ),
        { maxLength: 5 },
      )
      .map((pieces) => pieces.join("")),
  }));

  const shown = (text: string) =>
    text
      .replace(/<!--.*?-->|<script>.*?<\/script>|<style>.*?<\/style>/gs, "")
      .replace(/<(?:[^<>"']|"[^"]*"|'[^']*')*>/g, (tag) => (/^<\/?(b|i|span|font|o:p|a|img)\b/i.test(tag) ? "" : " "));

  test("keeps every word that a reader sees, in their order, and no tag", async () => {
    await holds(html, textOfHtml, (given, made) => expect(words(made)).toEqual(words(shown(given))));
  });

  test("takes any text and leaves no tag", async () => {
    const piece = fc.oneof(
      fc.string({ unit: "binary" }),
      fc.constantFrom("<", "</", ">", "<p", "b>", "<!--", '"', "'", "<pre>", "\\"),
    );
    // What a tag stands in the middle of is none, and may look like one when that is taken away.
    const any = fc
      .array(piece)
      .map((pieces) => pieces.join("").replaceAll(/[&\0]/g, ""))
      .filter((html) => !/<[^>]*</.test(html));
    await holds(any, textOfHtml, (_, made) => expect(made).not.toMatch(/<\/?[A-Za-z][^<>]*>/));
  });
});

describe("RTF", () => {
  test.each([
    ["{\\rtf1\\ansi one\\par two}", "one\ntwo"],
    ["{\\rtf1 one\\par\\pard\\par\\par two\\line three}", "one\n\ntwo\nthree"],
    [
      "{\\rtf1{\\fonttbl{\\f0{\\*\\panose 02}Arial;}}{\\colortbl;\\red0;}{\\*\\generator x;}{\\info{\\title t}}\\f0 text}",
      "text",
    ],
    ["{\\rtf1 a{\\b b}c \\i d\\i0 e}", "abc de"],
    ["{\\rtf1 caf\\'e9 5\\'b0 \\'96 \\u8217?s \\u-3913? \\uc1\\u233\\'e9t}", "café 5° – ’s \uf0b7 ét"],
    ["{\\rtf1\\uc0 \\u8217 s\\u233 t}", "’sét"],
    ["{\\rtf1 \\{a\\} b\\\\c &amp; AT&T}", "{a} b\\c &amp; AT&T"],
    ["{\\rtf1\\trowd\\cellx100 Na\\cell 140\\cell\\row K\\cell 4\\cell\\row}", "Na\t140\nK\t4"],
    ["{\\rtf1 a\\~b\\emdash c\\bullet d co\\-op e\\_f}", "a b—c•d coop e-f"],
    ["{\\rtf1 one\r\ntwo\\\nthree}", "onetwo\nthree"],
    ["{\\rtf1{\\header Jane}{\\pict\\wmetafile8 0100}text}", "text"],
  ])("%j", async (rtf, text) => {
    expect(await call(textOfRtf, rtf)).toBe(text);
  });

  test("does not guess the characters of a code page it does not know", async () => {
    expect(await call(textOfRtf, "{\\rtf1\\ansi\\ansicpg1251 \\'cf}")).toBeNull();
    expect(await call(textOfRtf, "{\\rtf1\\ansi\\ansicpg1251 \\u1055\\'cf ok}")).toBe("П ok");
  });

  const control = fc.constantFrom(
    "\\par ",
    "\\pard\\f0 ",
    "\\line ",
    "\\tab ",
    "\\fs24 ",
    "\\b ",
    "\\b0 ",
    "\r\n\\par\r\n",
  );
  const group = fc.constantFrom("{\\*\\bkmk x}", "{\\fonttbl{\\f0 Arial;}}", "{\\info{\\title{a}b}}");
  const escaped = word.map((text) =>
    text.replace(/[^ -~]/g, (letter) =>
      letter < "Ā" ? `\\'${letter.charCodeAt(0).toString(16)}` : `\\u${letter.charCodeAt(0)}?`,
    ),
  );
  const { rtf } = fc.letrec<{ rtf: string }>((tie) => ({
    rtf: fc
      .array(
        fc.oneof(
          { weight: 4, arbitrary: escaped.map((text) => ` ${text}`) },
          control,
          group,
          tie("rtf").map((inner) => `{\\i ${inner}}`),
        ),
        { maxLength: 6 },
      )
      .map((pieces) => pieces.join("")),
  }));

  test("keeps every word, in their order, and no control word", async () => {
    const shown = (text: string) =>
      text
        .replaceAll("{\\*\\bkmk x}", "")
        .replaceAll("{\\fonttbl{\\f0 Arial;}}", "")
        .replaceAll("{\\info{\\title{a}b}}", "")
        .replace(/\\'(..)/g, (_, hex) => String.fromCharCode(Number.parseInt(hex, 16)))
        .replace(/\\u(\d+)\?/g, (_, code) => String.fromCharCode(Number(code)))
        .replace(/\\(par|line|tab)\b ?/g, "\t")
        .replace(/\\[a-z]+\d* ?|[{}\r\n]/g, "");
    const whole = rtf.map((inner) => `{\\rtf1\\ansi ${inner}}`);
    await holds(whole, textOfRtf, (given, made) => expect(words(made)).toEqual(words(shown(given))));
  });

  test("takes any text", async () => {
    const piece = fc.oneof(
      fc.string({ unit: "binary" }),
      fc.constantFrom("{", "}", "\\", "\\'", "\\u", "\\par", "\\u55357?", "&#", "{\\*", "\\uc0"),
    );
    const any = fc.array(piece).map((pieces) => `{\\rtf1${pieces.join("").replaceAll("\0", "")}`);
    await holds(any, textOfRtf, (_, made) => expect(typeof (made ?? "")).toBe("string"));
  });
});

describe("base64", () => {
  const encoded = (text: string | Buffer) => Buffer.from(text as string).toString("base64");

  test("gives back what was encoded, but for a byte order mark", async () => {
    const given = fc.string({ unit: "binary" }).map(encoded);
    await holds(given, decoded, (data, text) =>
      expect(text).toBe(
        Buffer.from(data, "base64")
          .toString()
          .replace(/^\ufeff+/, ""),
      ),
    );
  });

  test("broken into lines", async () => {
    expect(await call(decoded, "V2Vs\r\n bC4=\n")).toBe("Well.");
  });

  test.each(["%%%", "aGVsbG8", encoded(Buffer.from([0xff])), encoded(Buffer.from("Caf\xe9", "latin1"))])(
    "%s is damaged, and costs no other",
    async (data) => {
      expect(await callAll(decoded, [encoded("one"), data, encoded("two")])).toEqual(["one", null, "two"]);
    },
  );

  test("takes anything", async () => {
    await holds(fc.string({ unit: "binary" }), decoded, (_, text) => expect(typeof (text ?? "")).toBe("string"));
  });
});
