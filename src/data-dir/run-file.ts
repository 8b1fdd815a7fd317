// `agents/<id>/run.json`: the run that a `cliai spawn` has begun. The file exists from before the CLI is started until all
// processes of the run have ended. A file that exists while nobody holds the agent's lock was left by a host that was killed.
import { readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import * as v from "valibot";
import { messageOf } from "../domain/text/errors.ts";
import type { AgentId } from "../domain/wire/agent-id.ts";
import { decodeMessage } from "../domain/wire/decode.ts";
import {
  type Receipt,
  ReceiptSchema,
  type StatusReport,
  StatusReportSchema,
} from "../domain/wire/messages.ts";
import type { Logger } from "../log.ts";
import { ensureOwnDir, writePrivateFile } from "./private-files.ts";

/** A process by its id and its start. The id is at least 1, because a signal to 0 or below reaches groups of processes. */
const ProcessSchema = v.object({
  pid: v.pipe(v.number(), v.safeInteger(), v.minValue(1)),
  started: v.pipe(v.string(), v.minLength(1)),
});

const RunFileSchema = v.object({
  /** The run's `instance_id`, as in the environment of its processes (`runVariable`). */
  run: v.pipe(v.string(), v.uuid()),
  /** The host, which holds the agent's lock. Absent where the system does not tell the start of a process, and in a file of 0.2.0. */
  host: v.optional(ProcessSchema),
  /** Absent until the CLI is started. */
  cli: v.optional(ProcessSchema),
  /** The NATS server that the host connects to as long as it runs. Absent in a file of 0.2.0. */
  nats_url: v.optional(v.string()),
});
export type RunFile = Readonly<v.InferOutput<typeof RunFileSchema>>;

/** Undefined if there is no file, or it is not a valid one. */
export async function readRunFile(dataDir: string, id: AgentId): Promise<RunFile | undefined> {
  try {
    return decodeMessage(RunFileSchema, await readFile(path(dataDir, id)));
  } catch {
    return undefined; // it names no process that could be ended
  }
}

/** @throws CliaiError `data_dir_unwritable` */
export async function writeRunFile(dataDir: string, id: AgentId, run: RunFile): Promise<void> {
  await ensureOwnDir(join(path(dataDir, id), ".."));
  await writePrivateFile(path(dataDir, id), `${JSON.stringify(run)}\n`);
}

export async function removeRunFile(dataDir: string, id: AgentId): Promise<void> {
  await rm(path(dataDir, id), { force: true });
}

function path(dataDir: string, id: AgentId): string {
  return join(dataDir, "agents", id, "run.json");
}

/** The last reports of a run that ended while NATS was away: `agents/<id>/unsent.json`, until a serve has stored them. */
const UnsentSchema = v.object({
  runs: v.array(v.object({ receipts: v.array(ReceiptSchema), goodbye: v.optional(StatusReportSchema) })),
});
export type UnsentRun = v.InferOutput<typeof UnsentSchema>["runs"][number];

/** Empty if there is nothing to send, or the file cannot be used. */
export async function readUnsent(dataDir: string, id: AgentId): Promise<readonly UnsentRun[]> {
  try {
    return decodeMessage(UnsentSchema, await readFile(unsentPath(dataDir, id))).runs;
  } catch {
    return []; // there is no such file, or not one of ours
  }
}

/** Adds what a run could not send; nothing if it has sent all. @throws CliaiError `data_dir_unwritable` */
export async function addUnsent(
  dataDir: string,
  id: AgentId,
  unsent: {
    readonly receipts: readonly Omit<Receipt, "agent_id">[];
    readonly goodbye: StatusReport | undefined;
  },
): Promise<void> {
  if (unsent.receipts.length === 0 && unsent.goodbye === undefined) return;
  const runs = [...(await readUnsent(dataDir, id)), unsent];
  await ensureOwnDir(join(unsentPath(dataDir, id), ".."));
  await writePrivateFile(unsentPath(dataDir, id), `${JSON.stringify({ runs })}\n`);
}

export async function removeUnsent(dataDir: string, id: AgentId): Promise<void> {
  await rm(unsentPath(dataDir, id), { force: true });
}

function unsentPath(dataDir: string, id: AgentId): string {
  return join(dataDir, "agents", id, "unsent.json");
}

/** `agents/<id>/transcript.json`: how far the records of its sessions were published, so that no line is published twice. */
const PositionSchema = v.object({
  path: v.string(),
  /** In bytes. */
  offset: v.pipe(v.number(), v.safeInteger(), v.minValue(0)),
});
export type RecordPosition = v.InferOutput<typeof PositionSchema>;
const PositionsSchema = v.object({ records: v.array(PositionSchema) });
/** So many records are remembered, the last ones that were read. */
const mostRecords = 50;

export interface RecordPositionFile {
  /** Undefined if the record at this path is not known, or the file is not a valid one. */
  read(path: string): Promise<RecordPosition | undefined>;
  /** Never throws: if the position is lost, the stream itself ignores what it has stored in the last hour. */
  write(position: RecordPosition): Promise<void>;
}

export function recordPositionFile(
  dataDir: string,
  id: AgentId,
  log: Pick<Logger, "debug">,
): RecordPositionFile {
  const dir = join(dataDir, "agents", id);
  const file = join(dir, "transcript.json");
  const readAll = async (): Promise<readonly RecordPosition[]> => {
    try {
      return decodeMessage(PositionsSchema, await readFile(file)).records;
    } catch {
      return []; // there is no such file, or not one of ours
    }
  };
  return {
    async read(path) {
      return (await readAll()).find((record) => record.path === path);
    },
    async write(position) {
      try {
        const others = (await readAll()).filter(({ path }) => path !== position.path);
        const records = [...others, position].slice(-mostRecords);
        await ensureOwnDir(dir);
        await writePrivateFile(file, `${JSON.stringify({ records })}\n`);
      } catch (error) {
        log.debug(`transcript.json is not written: ${messageOf(error)}`);
      }
    },
  };
}
