// Puts the files that the compiler leaves behind (SQL, JSON, CSV, YAML) beside the compiled code.
import { chmodSync, cpSync, statSync } from "node:fs";

const isAsset = (path) => statSync(path).isDirectory() || /\.(sql|json|csv|yaml)$/.test(path);
for (const folder of ["src", "schemas"]) cpSync(folder, `dist/${folder}`, { recursive: true, filter: isAsset });
// npm makes the command executable when it links it for the first time, and not when it is built again.
chmodSync("dist/src/cli/main.js", 0o755);
