import { readFile, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import process from "node:process";
import * as v from "valibot";
import { isKernelLocked } from "../../data-dir/kernel-lock.ts";
import { readLog } from "../../data-dir/log-file.ts";
import { ensureOwnDir, writePrivateFile } from "../../data-dir/private-files.ts";
import { CliaiError } from "../../domain/text/errors.ts";
import { redact } from "../../domain/text/redact.ts";
import { decodeMessage } from "../../domain/wire/decode.ts";
import { signalKnown } from "../../processes/end-process.ts";
import { readProcessStart } from "../../processes/process-start.ts";
import { stillRunning } from "../../processes/process-table.ts";
import { pause } from "../../waiting.ts";
import { startLogged } from "../background/start-logged.ts";
import type { CliContext } from "../frame/context.ts";
import { nodeHeldPath, nodeLogPath } from "./node-file.ts";

const readyWithinMs = 30_000;
const endsWithinMs = 15_000;
const lookEveryMs = 20;
const lastWordsBytes = 2_000;

const RunSchema = v.object({
  pid: v.number(),
  started: v.string(),
  /** Whether it has been connected since its start. Absent in a file of an older one, which was. */
  connected: v.optional(v.boolean()),
});
type NodeRun = v.InferOutput<typeof RunSchema>;

const pathOf = (dataDir: string) => join(dataDir, "node-run.json");

/** Notes this process. @throws CliaiError `data_dir_unwritable` */
export async function noteNodeRun(
  dataDir: string,
  { connected }: { readonly connected: boolean },
): Promise<void> {
  const started = (await readProcessStart(process.pid)) ?? "";
  const run: NodeRun = { pid: process.pid, started, connected };
  await writePrivateFile(pathOf(dataDir), `${JSON.stringify(run)}\n`);
}

export async function removeNodeRun(dataDir: string): Promise<void> {
  await rm(pathOf(dataDir), { force: true });
}

export async function readNodeRun(dataDir: string): Promise<NodeRun | undefined> {
  try {
    return decodeMessage(RunSchema, await readFile(pathOf(dataDir)));
  } catch {
    return undefined; // it does not run, or has only begun to
  }
}

/**
 * Starts `cliai node` in a session of its own, so that it outlives this program and its terminal. Resolves to its process id when it is connected.
 * @param options.whenConnected default true; false: when it runs, although it may not be connected yet
 * @throws CliaiError `failed` with its last words, if it ends at its start; `no_answer` if it is not connected in time, and tries on
 */
export async function startBackgroundNode(
  dataDir: string,
  context: Pick<CliContext, "env" | "cwd">,
  { whenConnected = true }: { readonly whenConnected?: boolean } = {},
): Promise<number> {
  const log = nodeLogPath(dataDir);
  await ensureOwnDir(dirname(log));
  const from = readLog(log, -1, 1).end;
  const child = startLogged(["node", `--data-dir=${dataDir}`], log, context);
  const ended = new Promise<string>((resolve) => {
    child.once("error", (error) => resolve(error.message));
    child.once("exit", (code, signal) => resolve(signal ?? `exit code ${code}`));
  });
  const deadline = performance.now() + readyWithinMs;
  for (;;) {
    const run = await readNodeRun(dataDir);
    const isReady = !whenConnected || run?.connected !== false;
    if (child.pid !== undefined && run?.pid === child.pid && isReady) return child.pid;
    const how = await Promise.race([ended, pause(lookEveryMs)]);
    if (how !== undefined) {
      const words = readLog(log, from)
        .text.trim()
        .slice(-lastWordsBytes)
        .replaceAll(/\s*\n\s*/g, " ");
      throw new CliaiError("failed", `the node ended at its start (${how}): ${redact(words)}`, {
        hint: "see it in the foreground: cliai node",
      });
    }
    if (performance.now() < deadline) continue;
    throw new CliaiError("no_answer", `the node (pid ${child.pid}) runs, but is not connected yet`, {
      hint: `it tries again and again; see what it says: tail ${log}`,
    });
  }
}

/**
 * Ends the node of the directory. Resolves to its process id; undefined if none runs.
 * @throws CliaiError `failed` if it is not known, or does not end
 */
export async function endNode(dataDir: string): Promise<number | undefined> {
  if (!isKernelLocked(nodeHeldPath(dataDir))) return undefined;
  const run = await readNodeRun(dataDir);
  const [known] = run === undefined ? [] : await stillRunning([run]);
  if (known === undefined) {
    throw new CliaiError("failed", `cannot find the node that holds ${dataDir}`, {
      hint: "press Ctrl-C where it was started; if it was just started, try it again",
    });
  }
  await signalKnown(known, "SIGTERM");
  const deadline = performance.now() + endsWithinMs;
  while (performance.now() < deadline) {
    if ((await stillRunning([known])).length === 0) return known.pid;
    await pause(lookEveryMs);
  }
  throw new CliaiError("failed", `the node (pid ${known.pid}) does not end`, {
    hint: `end it: kill -9 ${known.pid}`,
  });
}
