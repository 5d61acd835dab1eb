// SQL files of an earlier build would be taken for part of this one: extracts are found by listing their folder.
import { rmSync } from "node:fs";

rmSync("dist", { recursive: true, force: true });
