// Runs the profile's `worktree_setup` in a new worktree, and keeps its output.
import { createWriteStream } from "node:fs";
import { stat } from "node:fs/promises";
import { finished } from "node:stream/promises";
import { CliaiError } from "../domain/text/errors.ts";
import { harmless } from "../domain/text/harmless.ts";
import { redact } from "../domain/text/redact.ts";
import { beginningOf } from "../domain/text/summary.ts";
import type { WorktreeRecord } from "../domain/worktrees/worktree-record.ts";
import { runProgram } from "../processes/run-program.ts";
import type { Environment } from "../runtime.ts";
import { agentDirOf } from "./make-worktree.ts";
import { setupLogOf, writeRecord } from "./records.ts";

/** Fetching and building all that a large project needs may take long. */
const withinMs = 60 * 60_000;
const reasonLength = 200;
const tailBytes = 4_000;

export interface SetUpOptions {
  readonly command: readonly string[];
  readonly env: Environment;
  readonly dataDir: string;
  /** Ends the command when it aborts. */
  readonly signal: AbortSignal;
}

/**
 * Resolves when the command has ended with exit code 0, which the record then says.
 * @throws CliaiError `failed` with the last line of its output; the worktree stays, and the next launch of the agent runs the command again
 */
export async function setUpWorktree(
  record: WorktreeRecord,
  { command, env, dataDir, signal }: SetUpOptions,
): Promise<WorktreeRecord> {
  const log = setupLogOf(dataDir, record);
  const isAgain = ((await stat(log).catch(() => undefined))?.size ?? 0) > 0;
  const output = createWriteStream(log, { mode: 0o600, flags: "a" });
  if (isAgain) output.write("\n--- once more ---\n");
  let tail = Buffer.alloc(0);
  const onOutput = (piece: Uint8Array) => {
    output.write(piece);
    tail = Buffer.concat([tail, piece]).subarray(-tailBytes);
  };
  const end = await runProgram(command, { cwd: agentDirOf(record), env, withinMs, signal, onOutput });
  output.end();
  await finished(output);
  if (end.code === 0) {
    const done: WorktreeRecord = { ...record, setup: "done" };
    await writeRecord(dataDir, done);
    return done;
  }
  const last = tail.toString("utf8").trim().split("\n").at(-1) ?? "";
  const said = last === "" ? "" : `: ${beginningOf(harmless(redact(last)), reasonLength)}`;
  throw new CliaiError(
    end.why === "aborted" ? "interrupted" : "failed",
    `worktree_setup "${command.join(" ")}" in ${record.path} ${howIn(end)}${said}`,
    { hint: `see ${log}; the worktree stays, and the next launch of ${record.agent_id} runs it again` },
  );
}

function howIn({
  code,
  why,
}: {
  readonly code: number | undefined;
  readonly why?: string | undefined;
}): string {
  if (why === "late") return "took longer than an hour, and was ended";
  if (why === "aborted") return "was interrupted";
  if (why === "missing") return "cannot be started, because there is no such program";
  if (why === "not_started") return "cannot be started";
  return code === undefined ? "was ended by a signal" : `failed with exit code ${code}`;
}
