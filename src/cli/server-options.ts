import { type Command, Option } from "commander";

interface Parsers {
  readonly list: (value: string) => string[];
  readonly collect: (value: string, before: readonly string[] | undefined) => string[];
  readonly positiveNumber: (value: string) => number;
}

/** Adds the options of a FHIR server to a command; `server-source.ts` takes them. */
export function addServerOptions(command: Command, { list, collect, positiveNumber }: Parsers): Command {
  const choice = (flags: string, description: string, values: readonly string[]) =>
    new Option(flags, description).choices(values);
  return command
    .optionsGroup("A FHIR server in place of files, or before them:")
    .option("--fhir-server <url>", "read a FHIR server by searches; its base URL")
    .option("--bulk-export <url>", "read a FHIR server by a Bulk Data export; its base URL")
    .option(
      "--type <type>",
      "a resource type to read; for searches also Observation?category=laboratory (repeatable)",
      collect,
    )
    .option("--since <instant>", 'only what changed since then, or since the "last" download of the same')
    .option(
      "--concurrency <number>",
      "how many requests (8) or downloads (4) are in flight at once, up to 16",
      positiveNumber,
    )
    .option("--token-env <name>", "the environment variable that holds a bearer token", "FHIR_TOKEN")
    .option("--client-id <id>", "SMART Backend Services: the name that the server knows this client by")
    .option("--private-key <file>", "and the file with its private key: PEM, JWK or JWKS (RS384 or ES384)")
    .option("--key-id <id>", "the name of the key in the JWKS that the server knows")
    .option("--token-url <url>", "where tokens are had, if the server does not say it")
    .option("--scope <scopes>", "the rights to ask for (default: system/*.read)")
    .option("--trusted-origin <origin>", "another origin that may be given the token (repeatable)", collect)
    .optionsGroup("Of searches:")
    .addOption(choice("--per-patient <how>", "read patient by patient", ["search", "everything"]))
    .option("--include <path>", "an _include, such as MedicationRequest:medication (repeatable)", collect)
    .option(
      "--hydrate <types>",
      "types that are read where others refer to them (default: Medication,Practitioner,Binary)",
      list,
    )
    .option("--page-size <number>", "resources in a page (default: 200)", positiveNumber)
    .optionsGroup("Of exports:")
    .addOption(choice("--level <level>", "what is exported (default: system)", ["system", "Patient", "Group"]))
    .option("--group <id>", "the group whose patients are exported")
    .option(
      "--type-filter <search>",
      "a search that narrows down, such as Observation?category=laboratory (repeatable)",
      collect,
    )
    .option("--elements <list>", "the elements wanted, such as Patient.birthDate,id", list)
    .option("--associated-data <list>", "includeAssociatedData, such as LatestProvenanceResources", list)
    .addOption(choice("--kick-off <method>", "how the export is asked for (default: GET)", ["GET", "POST"]));
}
