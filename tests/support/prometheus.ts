// A real Prometheus for one test, and its promtool: from the PATH, or unpacked by `.ci/setup.mjs`.
import { accessSync, constants } from "node:fs";
import { delimiter, join } from "node:path";
import { type ChildExit, startChild } from "./child.ts";

const unpackedDir = join(import.meta.dirname, "..", "..", ".cache", "prometheus", "usr", "bin");

/** Throws if it is not there. */
function programPath(name: "prometheus" | "promtool"): string {
  for (const dir of [...(process.env.PATH ?? "").split(delimiter), unpackedDir]) {
    const path = join(dir, name);
    try {
      accessSync(path, constants.X_OK);
      return path;
    } catch {} // not in this folder
  }
  throw new Error(`no ${name}: run npm test, which installs it`);
}

/** Runs promtool with an input. */
export async function promtool(args: readonly string[], input = ""): Promise<ChildExit> {
  await using child = await startChild(programPath("promtool"), args);
  child.write(input);
  child.endInput();
  return await child.exit();
}

export interface RunningPrometheus extends AsyncDisposable {
  /** A request of its HTTP API below /api/v1/; the field `data` of its answer. */
  ask(path: string): Promise<unknown>;
}

/** @param configPath its configuration, which `dir` is not changed by; it keeps its own files in `dir` */
export async function startPrometheus(configPath: string, dir: string): Promise<RunningPrometheus> {
  await using starting = new AsyncDisposableStack();
  const child = starting.use(
    await startChild(programPath("prometheus"), [
      `--config.file=${configPath}`,
      `--storage.tsdb.path=${join(dir, "tsdb")}`,
      "--web.listen-address=127.0.0.1:0",
    ]),
  );
  const line = await child.line(/msg="Listening on" address=/, { from: "stderr" });
  const address = /address=(\S+)/.exec(line)?.[1];
  await child.line("Server is ready", { from: "stderr" });
  const running = starting.move();
  return {
    async ask(path) {
      const answer = (await (await fetch(`http://${address}/api/v1/${path}`)).json()) as {
        status: string;
        data?: unknown;
        error?: string;
      };
      if (answer.status !== "success") throw new Error(`${path}: ${answer.error}`);
      return answer.data;
    },
    [Symbol.asyncDispose]: () => running.disposeAsync(),
  };
}
