// Records which agents `serve` launched and has to launch again at its next start: a private file `launched.json` in each
// agent's folder. An agent that was stopped, ended in order or was removed has no such file.
import { readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import * as v from "valibot";
import { messageOf } from "../domain/text/errors.ts";
import type { AgentId } from "../domain/wire/agent-id.ts";
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

export interface LaunchedAgents {
  /** Skips a file that cannot be read, and logs its path. */
  read(): Promise<ReadonlyMap<AgentId, Launched>>;
  remember(id: AgentId, launched: Launched): Promise<void>;
  forget(id: AgentId): Promise<void>;
}

export function createLaunchedAgents(dataDir: string, log: Logger): LaunchedAgents {
  const folder = (id: AgentId) => join(dataDir, "agents", id);
  const file = (id: AgentId) => join(folder(id), "launched.json");
  return {
    async read() {
      const agents = new Map<AgentId, Launched>();
      for (const id of await readAgentFolders(join(dataDir, "agents"))) {
        try {
          agents.set(id, decodeMessage(LaunchedSchema, await readFile(file(id))));
        } catch (error) {
          if ((error as NodeJS.ErrnoException).code === "ENOENT") continue;
          log.warn(`cannot use ${file(id)}, so ${id} is not launched again: ${messageOf(error)}`);
        }
      }
      return agents;
    },
    async remember(id, launched) {
      await ensureOwnDir(folder(id));
      await writePrivateFile(file(id), `${JSON.stringify(launched, null, 2)}\n`);
    },
    forget: (id) => rm(file(id), { force: true }),
  };
}
