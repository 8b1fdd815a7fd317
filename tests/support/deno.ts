// The Deno that npm installed for this machine. Its own executable: the `deno` of node_modules/.bin can be a Node
// script around it (npm ci --ignore-scripts), which a signal ends instead of Deno.
import { existsSync } from "node:fs";
import { join } from "node:path";

const scope = join(import.meta.dirname, "../../node_modules/@deno");

/** Throws when npm left it out. */
export function denoPath(): string {
  const platform = `${process.platform}-${process.arch}${process.platform === "linux" ? "-glibc" : ""}`;
  const path = join(scope, platform, process.platform === "win32" ? "deno.exe" : "deno");
  if (existsSync(path)) return path;
  throw new Error(`Deno is not installed: no ${path}`);
}
