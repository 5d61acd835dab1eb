/**
 * What DuckDB says of an error, without the values that it quotes where data does not fit: they may be a patient's.
 * Names of tables, columns, types and files, and the SQL that was run, stay.
 */
export function messageWithoutValues(message: string): string {
  const [said, ...where] = message.split(/(?=\n\nLINE \d)/);
  return [hideValues(said!), ...where].join("");
}

/** What a reader says of a file names the file and the place. */
const ofFile = /^[\w ]+ Error: (CSV Error|(Malformed JSON|JSON transform error) in file|"maximum_object_size")/;

function hideValues(said: string): string {
  if (ofFile.test(said)) {
    return said
      .replace(/(transform error .*? in (?:line|record\/value) \d+: [^:{["']*)[\s\S]*/, "$1…")
      .replace(/: *(["'])[\s\S]*\1/g, ": …")
      .replace(/(Original Line:)[\s\S]*/, "$1 …");
  }
  if (!/^(Conversion|Constraint|Invalid Input|Mismatch Type|Out of Range) Error:/.test(said)) return said;
  // From the first quote to the last, for a value may hold quotes itself.
  return said.replace(/(["'])[\s\S]*\1/g, "…").replace(/-?\b\d[\w.,:+-]*/g, "…");
}
