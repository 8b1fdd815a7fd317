// `cliai down`: ends the server of the data directory in order. The agents run on, for each has a host of its own; with --agents
// they are stopped first.
import process from "node:process";
import { isServed, readHolder } from "../../data-dir/serve-lock.ts";
import { CliaiError } from "../../domain/text/errors.ts";
import { type KnownProcess, stillRunning } from "../../processes/process-table.ts";
import { pause } from "../../waiting.ts";
import { dataDirArgs, dataDirFor, jsonArgs, withClient } from "../fleet/client.ts";
import { defineCliCommand } from "../frame/command.ts";
import type { CliContext } from "../frame/context.ts";
import { plain } from "../frame/terminal.ts";
import { endHosts, type StopOptions, type StoppedAgent, stopOnlineAgents } from "./stop-agents.ts";

/** A stop lets its agent finish for 60 s. */
const agentsStopWithinMs = 90_000;
const endsWithinMs = 30_000;
const lookEveryMs = 50;

export const downCommand = defineCliCommand({
  name: "down",
  description: "end the server in order; the agents run on, and the next server has them again",
  args: {
    agents: { type: "boolean", description: "stop the agents first, and say what became of each" },
    force: { type: "boolean", description: "with --agents: interrupt their turns, without approval" },
    ...dataDirArgs,
    ...jsonArgs,
  },
  async run(args, context) {
    if (args.force === true && args.agents !== true) {
      throw new CliaiError("usage", "--force is given without --agents", {
        hint: "cliai down --agents --force",
      });
    }
    const dataDir = dataDirFor(args, context);
    const agents = args.agents === true ? await stopAgents(dataDir, args.force === true, context) : undefined;
    const pid = await endServer(dataDir);
    const server = pid === undefined ? `no server runs on ${dataDir}` : `the server has ended (pid ${pid})`;
    if (context.json)
      context.print(JSON.stringify({ ended: pid !== undefined, data_dir: dataDir, pid, agents }));
    else if (pid === undefined) context.note(server);
    else context.print(server);
    return 0;
  },
});

/** @throws CliaiError when one has not stopped: then the server stays, for without it nobody could say more of the agent */
async function stopAgents(
  dataDir: string,
  force: boolean,
  context: CliContext,
): Promise<readonly StoppedAgent[]> {
  const onStopped: StopOptions["onStopped"] = ({ agent_id, outcome, detail }) => {
    if (context.json) return;
    const why = detail === undefined || detail === "" ? "" : `: ${plain(detail)}`;
    context.print(`${agent_id}  ${outcome === "no_answer" ? "no answer" : outcome}${why}`);
  };
  const options = { force, timeoutMs: agentsStopWithinMs, onStopped };
  const ordered = (await isServed(dataDir))
    ? await withClient({ "data-dir": dataDir }, context, (bus) => stopOnlineAgents(bus, context, options))
    : [];
  const left = ordered.filter(({ outcome }) => outcome !== "stopped");
  if (left.length > 0 && !force) {
    const code = left.some(({ outcome }) => outcome === "refused") ? "refused" : "no_answer";
    const names = left.map(({ agent_id }) => agent_id).join(", ");
    throw new CliaiError(code, `${names} did not stop; the server runs on`, {
      hint: "stop them without approval: cliai down --agents --force",
    });
  }
  return [...ordered, ...(await endHosts(dataDir, context, onStopped))];
}

/**
 * Resolves with its pid when it has ended; undefined where none ran.
 * @throws CliaiError `failed` for one that does not say which process it is, or that does not end
 */
async function endServer(dataDir: string): Promise<number | undefined> {
  if (!(await isServed(dataDir))) return undefined;
  const server = await findProcess(dataDir);
  const { pid } = server;
  // The second signal ends it where it stands, with its nats-server; the last is for one that hears nothing.
  for (const signal of ["SIGTERM", "SIGTERM", "SIGKILL"] as const) {
    if ((await stillRunning([server])).length > 0) process.kill(pid, signal);
    const deadline = performance.now() + endsWithinMs;
    while (performance.now() < deadline) {
      // It gives up the directory a moment before its process is gone.
      if (!(await isServed(dataDir)) && (await stillRunning([server])).length === 0) return pid;
      await pause(lookEveryMs);
    }
  }
  throw new CliaiError("failed", `the server (pid ${pid}) does not end`, { hint: `end it: kill -9 ${pid}` });
}

/** By the words of the serve that holds the kernel's lock, and only while that very process lives. */
async function findProcess(dataDir: string): Promise<KnownProcess> {
  const { pid, started } = (await readHolder(dataDir)) ?? {};
  const known = pid === undefined || started === undefined ? [] : await stillRunning([{ pid, started }]);
  const [server] = known;
  if (server !== undefined) return server;
  throw new CliaiError("failed", `which process holds ${dataDir} is not known from here`, {
    hint: "it is of an older cliai, or runs in another container: end it where it was started, by Ctrl-C",
  });
}
