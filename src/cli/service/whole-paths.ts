// Makes the files that flags of `cliai serve` name absolute, because a service runs in another folder than the one in which it was installed.
import { resolve } from "node:path";
import { serveArgs } from "../serve/serve-args.ts";

const pathFlags = new Set(
  Object.entries(serveArgs).flatMap(([name, arg]) =>
    "valueHint" in arg && (arg.valueHint === "FILE" || arg.valueHint === "PATH") ? [`--${name}`] : [],
  ),
);

export function withWholePaths(flags: readonly string[], cwd: string): string[] {
  return flags.map((flag, at) => {
    if (pathFlags.has(flags[at - 1] ?? "")) return resolve(cwd, flag);
    const [name = "", ...value] = flag.split("=");
    return pathFlags.has(name) && value.length > 0 ? `${name}=${resolve(cwd, value.join("="))}` : flag;
  });
}
