import { homedir } from "node:os";
import { join } from "node:path";

/** The user's folder for what can be made again, by the custom of the system. */
export function userCacheFolder(): string {
  const { XDG_CACHE_HOME, LOCALAPPDATA } = process.env;
  if (XDG_CACHE_HOME) return join(XDG_CACHE_HOME, "omopipe");
  if (process.platform === "win32")
    return join(LOCALAPPDATA ?? join(homedir(), "AppData", "Local"), "omopipe", "cache");
  if (process.platform === "darwin") return join(homedir(), "Library", "Caches", "omopipe");
  return join(homedir(), ".cache", "omopipe");
}
