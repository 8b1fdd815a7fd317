// Records which agents `serve` launched, for its next start: a private file in each agent's folder.
//
// `launched.json`: serve launches the agent again when it starts. If the agent is stopped, ends normally or is removed, the file is
// removed.
// `launching.json`: the agent was launched, but its session is not known yet. When it is known, `launched.json` replaces this file.
// `launched-for.json`: the captain that is told how the agent ends. The file is removed when the captain was told.
// `launch-task.json`: the task of a launch, which the agent gets as soon as its host is connected. Then the file is removed.
import { readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import * as v from "valibot";
import { messageOf } from "../domain/text/errors.ts";
import { type AgentId, AgentIdSchema } from "../domain/wire/agent-id.ts";
import { decodeMessage } from "../domain/wire/decode.ts";
import { SessionIdSchema } from "../domain/wire/session-id.ts";
import type { Logger } from "../log.ts";
import { readAgentFolders } from "./agent-folders.ts";
import { ensureOwnDir, writePrivateFile } from "./private-files.ts";

const LaunchedSchema = v.looseObject({
  profile: v.string(),
  /** An absolute path. */
  project: v.string(),
  /** The id by which the agent's CLI resumes the conversation. */
  session_id: SessionIdSchema,
});
export type Launched = v.InferOutput<typeof LaunchedSchema>;

/**
 * The agent's run that was heard last before the launch; "" if there was none. It tells the run of the launch from that one also if the clock
 * was set back since. Absent in a file of 0.2.0.
 */
const runBefore = v.optional(v.string());

const LaunchingSchema = v.looseObject({
  profile: v.string(),
  /** An absolute path. */
  project: v.string(),
  /** When the launch began, RFC 3339. */
  since: v.string(),
  /** The agent's last session before the launch of a new one. */
  session_before: v.optional(v.string()),
  run_before: runBefore,
});
export type Launching = v.InferOutput<typeof LaunchingSchema>;

const LaunchedForSchema = v.looseObject({
  captain: AgentIdSchema,
  /** The beginning of the agent's task. */
  task: v.string(),
  /** When the launch began, RFC 3339. */
  since: v.string(),
  /** Of the captain's call, by which a repeated call is recognised. Absent in a file of 0.2.0. */
  call_id: v.optional(v.string()),
  /** The node that has launched it; absent if it runs on the server's machine. */
  node: v.optional(v.string()),
});
export type LaunchedFor = v.InferOutput<typeof LaunchedForSchema>;

const LaunchTaskSchema = v.looseObject({
  command_id: v.string(),
  text: v.string(),
  /** Who gives the task. */
  from: v.string(),
  /** When the launch began, RFC 3339. */
  since: v.string(),
  run_before: runBefore,
  /** The node that launches it; absent if it runs on the server's machine. */
  node: v.optional(v.string()),
});
export type LaunchTask = v.InferOutput<typeof LaunchTaskSchema>;

interface Records<Row> {
  /** Skips a file that cannot be read, and logs its path. */
  read(): Promise<ReadonlyMap<AgentId, Row>>;
  remember(id: AgentId, row: Row): Promise<void>;
  forget(id: AgentId): Promise<void>;
}

/** `remember` also removes the agent from `launching`, and `forget` removes it from both. */
export interface LaunchedAgents extends Records<Launched> {
  readonly launching: Records<Launching>;
}
export type LaunchesForCaptains = Records<LaunchedFor>;
export type LaunchTasks = Records<LaunchTask>;

export function createLaunchedAgents(dataDir: string, log: Logger): LaunchedAgents {
  const lost = (id: AgentId) => `${id} is not launched again`;
  const launched = createRecords(LaunchedSchema, { dataDir, name: "launched.json", lost, log });
  const launching = createRecords(LaunchingSchema, { dataDir, name: "launching.json", lost, log });
  return {
    launching,
    read: launched.read,
    async remember(id, row) {
      await launched.remember(id, row);
      await launching.forget(id);
    },
    async forget(id) {
      await launched.forget(id);
      await launching.forget(id);
    },
  };
}

export function createLaunchesForCaptains(dataDir: string, log: Logger): LaunchesForCaptains {
  const lost = (id: AgentId) => `the captain of ${id} is not told how the agent ends`;
  return createRecords(LaunchedForSchema, { dataDir, name: "launched-for.json", lost, log });
}

export function createLaunchTasks(dataDir: string, log: Logger): LaunchTasks {
  const lost = (id: AgentId) => `${id} does not get the task of its launch`;
  return createRecords(LaunchTaskSchema, { dataDir, name: "launch-task.json", lost, log });
}

interface RecordsOptions {
  readonly dataDir: string;
  /** The file's name. */
  readonly name: string;
  /** What does not happen if the file cannot be read. */
  readonly lost: (id: AgentId) => string;
  readonly log: Logger;
}

function createRecords<const Schema extends v.GenericSchema>(
  schema: Schema,
  { dataDir, name, lost, log }: RecordsOptions,
): Records<v.InferOutput<Schema>> {
  const folder = (id: AgentId) => join(dataDir, "agents", id);
  const file = (id: AgentId) => join(folder(id), name);
  return {
    async read() {
      const agents = new Map<AgentId, v.InferOutput<Schema>>();
      for (const id of await readAgentFolders(join(dataDir, "agents"))) {
        try {
          agents.set(id, decodeMessage(schema, await readFile(file(id))));
        } catch (error) {
          if ((error as NodeJS.ErrnoException).code === "ENOENT") continue;
          log.warn(`cannot use ${file(id)}, so ${lost(id)}: ${messageOf(error)}`);
        }
      }
      return agents;
    },
    async remember(id, row) {
      await ensureOwnDir(folder(id));
      await writePrivateFile(file(id), `${JSON.stringify(row, null, 2)}\n`);
    },
    forget: (id) => rm(file(id), { force: true }),
  };
}
