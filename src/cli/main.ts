#!/usr/bin/env node
import { Command, CommanderError, Option } from "commander";
import { type ErrorCode, OmopipeError } from "../pipeline/errors.ts";
import { softwareVersion } from "../version.ts";
import { addServerOptions } from "./server-options.ts";

/** What each means to those who start omopipe: docs/running.md#exit-codes. */
const exitCodes = { done: 0, failed: 1, usage: 2, locked: 75, stopped: 143 } as const;

/** Nothing was wrong with the call or the data: 75 may be tried again later, 143 was asked for. */
const codesOfErrors: Partial<Record<ErrorCode, number>> = {
  USAGE: exitCodes.usage,
  WAREHOUSE_LOCKED: exitCodes.locked,
  ABORTED: exitCodes.stopped,
};

const program = new Command("omopipe")
  .description("FHIR and CSV to OMOP CDM 5.4 in DuckDB and Parquet, with patient risk scores beside the data.")
  .version(softwareVersion)
  .showHelpAfterError("(--help shows how it is used)")
  .exitOverride();

const list = (value: string) => value.split(",").map((item) => item.trim());
const collect = (value: string, before: readonly string[] = []): string[] => [...before, value];
/** `before` is false behind the option with `--no-` before its name. */
const collectAny = (value: string, before: readonly string[] | false | undefined) => collect(value, before || []);
const wholeNumber = (value: string) => {
  if (/^\d+$/.test(value)) return Number(value);
  throw new OmopipeError("USAGE", `"${value}" is no whole number.`);
};
const positiveNumber = (value: string) => {
  const number = wholeNumber(value);
  if (number > 0) return number;
  throw new OmopipeError("USAGE", `"${value}" is too small. The least is 1.`);
};
const port = (value: string) => {
  const number = wholeNumber(value);
  if (number <= 65_535) return number;
  throw new OmopipeError("USAGE", `"${value}" is no port. The last one is 65535.`);
};
const memorySize = (value: string) => {
  if (/^\d+(\.\d+)?\s*[KMGT]i?B$/i.test(value)) return value;
  throw new OmopipeError("USAGE", `"${value}" is no size of memory. Write it as 800MB or 4GB.`);
};
/** An option with a few values, the first of which is the default. */
const choice = (flags: string, description: string, values: readonly string[]) =>
  new Option(flags, description).choices(values).default(values[0]);

const etl = program
  .command("etl")
  .description("read FHIR (and CSV), map it to OMOP, write Parquet and report.json")
  .argument(
    "[input...]",
    "files, folders or globs: NDJSON, Bundles, single resources, .gz of each, CSV; - is CSV from stdin",
  )
  .requiredOption("--warehouse <file>", "the DuckDB file to fill")
  .option("--vocabulary <folder>", "an Athena download; again for local concepts and rules (repeatable)", collectAny)
  .option("--vocabulary-cache <folder>", "where vocabulary databases are kept (default: beside the files)")
  .option("--no-vocabulary", "map without a vocabulary: all codes get concept 0")
  .option(
    "--csv-mapping <file>",
    "how CSV files become OMOP: a mapping file, or the name of a ready one (synthea, omop …)",
  )
  .option("--csv-name <file>", "which file of the CSV mapping stdin is; not needed where the mapping has only one")
  .option("--source <name>", "the name of the source system", "default")
  .option(
    "--patients-by-identifier",
    "find patients also by Patient?identifier=system|value and by logical references; FHIR then lands more slowly",
  )
  .addOption(choice("--source-value <form>", "what stands in *_source_value", ["code", "system#code"]))
  .addOption(
    choice("--routing <rule>", "a row goes to the table of its concept's domain, or of its resource", [
      "domain",
      "resource",
    ]),
  )
  .addOption(
    choice("--concepts <which>", "all codes become concepts, or only those that say what a record is", [
      "all",
      "primary",
    ]),
  )
  .addOption(choice("--type-concept <which>", "what *_type_concept_id says", ["specific", "ehr"]))
  .option("--time-zone <name>", 'show times with an offset on the clock of "UTC", "Europe/Berlin" … (default: as sent)')
  .addOption(
    choice("--observation-period <rule>", "from first to last visit, while there is no long gap, or while insured", [
      "span",
      "gap548",
      "enrolment",
    ]),
  )
  .addOption(
    choice("--ruleset <name>", "whose rules hold where projects disagree", ["omopipe", "etl-synthea", "hl7-guide"]),
  )
  .option("--no-notes", "leave out the texts of reports and documents")
  .option(
    "--overrides <file>",
    "code systems, encounter classes, dropped statuses, modifier extensions and extracts of your own (YAML or JSON)",
  )
  .option("--out <folder>", "where to write one <table>.parquet a table, report.json, unmapped.csv and rejects.csv")
  .option(
    "--memory-limit <size>",
    "how much memory DuckDB may use before it spills to disk, such as 4GB",
    memorySize,
    "1GB",
  )
  .addOption(
    choice("--keep-landing <which>", "none: keep no records as they landed; each run then reads and maps all files", [
      "all",
      "none",
    ]),
  )
  .option("--strict", "exit with 3 when a record was quarantined or dropped", false)
  .option("--schedule <cron>", 'stay, and run at these times: "0 2 * * *" is every night at two (local time)')
  .action(async (inputs, options) => {
    process.exitCode = options.schedule
      ? await (await import("./schedule.ts")).keepSchedule(options.schedule)
      : await (await import("./etl.ts")).etl(inputs, options);
  });
addServerOptions(etl, { list, collect, positiveNumber });

program
  .command("fhir2omop")
  .description("map one FHIR resource or Bundle and print rows, mappings and losses as JSON")
  .argument("<file>", "a .json file")
  .requiredOption(
    "--vocabulary <folder>",
    "an Athena download; again for local concepts and rules (repeatable)",
    collectAny,
  )
  .option("--vocabulary-cache <folder>", "where vocabulary databases are kept (default: beside the files)")
  .action(async (file, options) => {
    process.exitCode = await (await import("./fhir2omop.ts")).fhir2omop(file, options);
  });

const csv = program.command("csv").description("CSV files");
csv
  .command("profile")
  .description("say what is in CSV files: columns, types, code systems, dates; or draft a mapping for them")
  .argument("<input...>", "files, folders or globs")
  .option("--vocabulary <folder>", "an Athena download: codes are then looked up in it (repeatable)", collectAny)
  .option("--vocabulary-cache <folder>", "where vocabulary databases are kept (default: beside the files)")
  .addOption(
    choice("--format <format>", "a table for people, JSON, or the draft of a mapping file", [
      "table",
      "json",
      "mapping",
    ]),
  )
  .action(async (inputs, options) => await (await import("./csv-profile.ts")).csvProfile(inputs, options));

const vocabulary = program.command("vocabulary").description("OMOP vocabularies");
vocabulary
  .command("load")
  .description("load an Athena download for a warehouse")
  .argument("<folder...>", "the unpacked download, and folders with local concepts and rules")
  .requiredOption("--warehouse <file>", "the DuckDB file")
  .option("--vocabulary-cache <folder>", "where vocabulary databases are kept (default: beside the files)")
  .action(async (folders, options) => await (await import("./vocabulary-load.ts")).vocabularyLoad(folders, options));

/** The options of the commands that build histories. */
const withHistoryOptions = (command: Command) =>
  command
    .option("--as-of <date>", "the last day that counts, YYYY-MM-DD (default: today)")
    .option("--look-back-days <number>", "leave out what happened longer before (default: all counts)", wholeNumber)
    .addOption(choice("--icd <form>", "whether ICD codes carry their dot", ["as-recorded", "dotted", "undotted"]))
    .option(
      "--code-systems <list>",
      "the code systems of a list, the best first, as in medications=ATC+RXNORM (repeatable)",
      collect,
      [],
    )
    .addOption(choice("--patient-id <which>", "what the service knows a person by", ["pseudonym", "person_id"]))
    .option(
      "--memory-limit <size>",
      "how much memory DuckDB may use before it spills to disk, such as 1GB; all in all it is some 500 MB more",
      memorySize,
      // More does not make histories faster, and so all stays below 1 GB.
      "400MB",
    );

withHistoryOptions(program.command("histories"))
  .description("build patient histories and write them as NDJSON")
  .requiredOption("--warehouse <file>", "a mapped warehouse")
  .requiredOption("--out <file>", "the NDJSON file to write")
  .action(async (options) => await (await import("./histories.ts")).histories(options));

withHistoryOptions(program.command("batch-files"))
  .description("build patient histories and write them as the files of a PhenOM batch")
  .requiredOption("--warehouse <file>", "a mapped warehouse")
  .requiredOption("--out <folder>", "where to write the CSV files")
  .option("--gzip", "compress them", false)
  .option("--file-size-mb <number>", "how large a file becomes before the next is begun", positiveNumber, 256)
  .action(async (options) => await (await import("./batch-files.ts")).batchFilesCommand(options));

withHistoryOptions(program.command("score"))
  .description("send patient histories to a scoring service and store the scores")
  .argument("<service>", "phenom")
  .requiredOption("--warehouse <file>", "a mapped warehouse")
  .requiredOption("--base-url <url>", "where the service is")
  .requiredOption("--outcome <id>", "an outcome to score (repeatable)", collect, [])
  .addOption(
    choice("--mode <mode>", "one call a patient, files of all, or files for more than 1,000", [
      "auto",
      "realtime",
      "batch",
    ]),
  )
  .option("--concurrency <number>", "how many patients are in flight at most", positiveNumber, 8)
  .option("--again", "score also those whose history has not changed since they were scored", false)
  .option(
    "--repeat-start",
    "start a batch again where nobody knows whether it was started (may be billed twice)",
    false,
  )
  .option("--token-env <name>", "the environment variable that holds the token", "PHENOM_TOKEN")
  .action(async (service, options) => await (await import("./score.ts")).score(service, options));

program
  .command("export")
  .description("write tables as Parquet, Arrow or CSV, or the CDM to PostgreSQL (PGHOST, PGUSER, PGPASSWORD …)")
  .requiredOption("--warehouse <file>", "a mapped warehouse")
  .requiredOption("--format <format>", "parquet, arrow, csv or postgres")
  .option("--out <folder>", "where to write one file a table")
  .option(
    "--load [name]",
    "Parquet beside that of earlier runs, in <folder>/load=<name> (default: the time of the run)",
  )
  .option("--schema <name>", "of PostgreSQL: where the tables are", "cdm")
  .option("--tables <names>", "comma-separated; default: all that have rows", list)
  .option("--by-outcome", "scores as one file an outcome, in folders that readers of partitions know", false)
  .action(async (options) => await (await import("./export.ts")).exportCommand(options));

program
  .command("query")
  .description("run a SQL query")
  .argument("<sql>", 'such as "show tables"; those of landing and vocab are named with their schema')
  .requiredOption("--warehouse <file>", "the DuckDB file")
  .option("--format <format>", "table, csv or json", "table")
  .action(async (sql, options) => await (await import("./query.ts")).query(sql, options));

program
  .command("serve")
  .description("serve the embedded PhenOM stand-in: a published index (Charlson), not a trained model")
  .option("--port <number>", "0 takes a free one", port, 8080)
  .option("--token-env <name>", "the environment variable that holds the token it asks for", "PHENOM_TOKEN")
  .option("--faults <shares>", "what goes wrong on demand, for example too-many=0.1,cut=0.05,seed=7 (docs/engines.md)")
  .action(async (options) => await (await import("./serve.ts")).serve(options));

program
  .command("run")
  .description("run a pipeline written in TypeScript or JavaScript")
  .argument("<pipeline>", "the file")
  .argument("[arguments...]", "passed on to it, after --")
  .option("--schedule <cron>", 'stay, and run at these times: "0 2 * * *" is every night at two (local time)')
  .action(async (file, rest, options) => {
    if (options.schedule) process.exitCode = await (await import("./schedule.ts")).keepSchedule(options.schedule);
    else await (await import("./run.ts")).run(file, rest);
  });

program
  .command("status")
  .description("list the runs of a warehouse, what each read, wrote and refused, and what waits")
  .requiredOption("--warehouse <file>", "the DuckDB file")
  .addOption(choice("--format <format>", "for people, or one JSON object with all that is known", ["table", "json"]))
  .action(async (options) => await (await import("./status.ts")).status(options));

// A reader that has seen enough (`| head`) closes the pipe: that is no failure.
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code === "EPIPE") process.exit(exitCodes.done);
  throw error;
});

try {
  await program.parseAsync();
} catch (error) {
  process.exitCode = exitCodeOf(error);
}

function exitCodeOf(error: unknown): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? exitCodes.done : exitCodes.usage;
  if (error instanceof OmopipeError) {
    console.error(error.message);
    return codesOfErrors[error.code] ?? exitCodes.failed;
  }
  console.error(error);
  return exitCodes.failed;
}
