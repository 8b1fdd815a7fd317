// What serve lends to its pages and its API for the changes of agents. It reads those of agents on this machine.
import { actOnChanges } from "../../changes/git-acts.ts";
import { readGitState } from "../../changes/git-state.ts";
import { readChanges } from "../../changes/read-changes.ts";
import { watchTurns } from "../../changes/watch-turns.ts";
import type { GitState, GitWish } from "../../domain/changes/git-state.ts";
import { definedOf } from "../../domain/defined.ts";
import { messageOf } from "../../domain/text/errors.ts";
import { firstLineOf } from "../../domain/text/summary.ts";
import { auditGitSubject } from "../../domain/wire/subjects.ts";
import type { Bus } from "../../nats/bus.ts";
import type { FleetService } from "../../server/server.ts";
import type { ChangesDesk } from "../../web/api/reports/changes-report.ts";
import type { CliContext } from "../frame/context.ts";

export interface ChangesDeskOptions {
  readonly dataDir: string;
  readonly fleet: Pick<FleetService, "list">;
  readonly bus: Pick<Bus, "publishStored">;
  readonly context: Pick<CliContext, "env" | "now">;
}

export interface ChangesOptions extends ChangesDeskOptions {
  readonly fleet: FleetService;
  readonly context: Pick<CliContext, "env" | "now" | "log">;
}

/** Also keeps the beginnings of turns, until `parts` are disposed. */
export function openChanges(options: ChangesOptions, parts: AsyncDisposableStack): ChangesDesk {
  const { dataDir, fleet, context } = options;
  parts.defer(watchTurns({ fleet, dataDir, ...context }));
  return createChangesDesk(options);
}

export function createChangesDesk({ dataDir, fleet, bus, context }: ChangesDeskOptions): ChangesDesk {
  const { env, now } = context;
  return {
    read: (agent, ask) => readChanges(agent, ask, { dataDir, env, agents: fleet.list() }),
    look: (agent) => readGitState(agent, { dataDir, env }),
    async act(agent, wish, from) {
      const { agent_id } = agent;
      let seen: GitState | undefined;
      const record = async (state: "asked" | "done" | "failed", message: string) => {
        const { root, branch, head } = seen ?? {};
        await bus.publishStored(auditGitSubject(agent_id), {
          ...{ act: wish.act, state, agent_id, from, ...definedOf({ root, branch, head }) },
          message,
          at: now().toISOString(),
        });
      };
      const asking = async (state: GitState) => {
        seen = state;
        await record("asked", askedWords(wish, state));
      };
      const done = await actOnChanges(agent, wish, { dataDir, env, record: asking }).catch(
        async (error: unknown) => {
          // Whether it could be recorded or not: why it failed says more than why the store takes nothing.
          if (seen !== undefined) await isRecorded(record("failed", messageOf(error)));
          throw error;
        },
      );
      const said = `${done.said}${done.url === undefined ? "" : `: ${done.url}`}`;
      // It is done, whether it could be recorded or not: nobody must do it again because of that.
      if (await isRecorded(record("done", said))) return done;
      return { ...done, said: `${done.said} (the audit could not be told that it is done)` };
    },
  };
}

async function isRecorded(recording: Promise<void>): Promise<boolean> {
  return await recording.then(
    () => true,
    () => false, // the store takes nothing now
  );
}

function askedWords(
  wish: GitWish,
  { files, branch, head, remote, unpushed, more_unpushed, tool, into, repository }: GitState,
): string {
  if (wish.act === "commit") return `commit ${files.length} files: ${firstLineOf(wish.message)}`;
  if (wish.act === "push") {
    const count = unpushed.length + more_unpushed;
    return `push ${count} commits of ${branch}, up to ${head}, to ${remote?.name} (${remote?.urls.join(", ")})`;
  }
  return `open a request for ${branch} into ${into} of ${repository} by ${tool}: ${wish.title}`;
}
