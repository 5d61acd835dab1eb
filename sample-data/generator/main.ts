import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { type Format, formats, type GenerateOptions, generate } from "./generate.ts";

const usage = `Makes synthetic patients as FHIR Bundles, FHIR NDJSON and CSV.

npm run sample-data -- [options]
  --patients N       how many (default 25)
  --seed N           the same seed gives the same bytes (default 1)
  --out DIR          the folder that gets fhir/ and csv/ (default sample-data)
  --formats a,b      of ${formats.join(", ")} (default all)
  --help             this text`;

const options = readOptions();
if (options !== undefined) {
  const started = performance.now();
  await generate(options);
  const seconds = (performance.now() - started) / 1000;
  console.log(`${options.patients} patients in ${options.out}: ${seconds.toFixed(1)} s`);
}

/** The options of the command line; undefined, with the usage said, when there is nothing to do. */
function readOptions(): GenerateOptions | undefined {
  try {
    const { values } = parseArgs({
      options: {
        patients: { type: "string", default: "25" },
        seed: { type: "string", default: "1" },
        out: { type: "string", default: fileURLToPath(new URL("..", import.meta.url)) },
        formats: { type: "string", default: formats.join(",") },
        help: { type: "boolean", default: false },
      },
    });
    if (!values.help) {
      return {
        patients: wholeNumber("--patients", values.patients),
        seed: wholeNumber("--seed", values.seed),
        out: values.out,
        formats: chosenFormats(values.formats),
      };
    }
    console.log(usage);
  } catch (error) {
    console.error(`${error instanceof Error ? error.message : error}\n\n${usage}`);
    process.exitCode = 2;
  }
  return undefined;
}

function wholeNumber(option: string, text: string): number {
  const number = Number(text);
  if (text !== "" && Number.isSafeInteger(number) && number >= 0) return number;
  throw new Error(`${option} takes a whole number, not "${text}".`);
}

function chosenFormats(text: string): Format[] {
  const chosen = text.split(",");
  const unknown = chosen.find((name) => !formats.includes(name as Format));
  if (unknown === undefined) return formats.filter((name) => chosen.includes(name));
  throw new Error(`--formats does not know "${unknown}"; it knows ${formats.join(", ")}.`);
}
