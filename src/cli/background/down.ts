// `cliai down`: ends the server of the data directory in order. The agents run on, because each has its own host. With --agents, they
// are stopped first.
import { natsDirOf } from "../../data-dir/data-dir.ts";
import {
  isServed,
  readHolder,
  refuseWhileWhole,
  takeWhole,
  type WholeDirectory,
} from "../../data-dir/serve-lock.ts";
import { CliaiError } from "../../domain/text/errors.ts";
import type { Logger } from "../../log.ts";
import { endOrphan, findOrphan } from "../../nats/child/leftover-server.ts";
import { signalKnown } from "../../processes/end-process.ts";
import { type KnownProcess, stillRunning } from "../../processes/process-table.ts";
import { pause } from "../../waiting.ts";
import { dataDirArgs, dataDirFor, jsonArgs, withClient } from "../fleet/client.ts";
import { defineCliCommand } from "../frame/command.ts";
import type { CliContext } from "../frame/context.ts";
import { plain } from "../frame/terminal.ts";
import { endNode } from "../node/node-run.ts";
import { endHosts, type StopOptions, type StoppedAgent, stopOnlineAgents } from "./stop-agents.ts";

/** A stop lets its agent finish for 60 s. */
const agentsStopWithinMs = 90_000;
const endsWithinMs = 30_000;
const lookEveryMs = 50;

export const downCommand = defineCliCommand({
  name: "down",
  description: "end the server in order; the agents run on, and connect to the next server",
  args: {
    agents: { type: "boolean", description: "stop the agents first, and print how each one ended" },
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
    if (args.agents === true) context.progress("ending the server");
    const pid = await endServer(dataDir);
    const nats_pid = await endLeftNatsServer(dataDir, context.log);
    const node_pid = await endNode(dataDir);
    const server = pid === undefined ? `no server runs on ${dataDir}` : `the server has ended (pid ${pid})`;
    if (context.json)
      context.print(
        JSON.stringify({ ended: pid !== undefined, data_dir: dataDir, pid, nats_pid, node_pid, agents }),
      );
    else if (pid !== undefined) context.print(server);
    else if (node_pid === undefined) context.note(server);
    if (node_pid !== undefined && !context.json)
      context.print(
        `this machine is away from its fleet: its node has ended (pid ${node_pid}); to start it again: cliai node --detach`,
      );
    if (nats_pid !== undefined && !context.json)
      context.print(`the nats-server that a killed server had left has ended (pid ${nats_pid})`);
    return 0;
  },
});

/** @throws CliaiError if an agent did not stop; then the server runs on, because without it nobody could reach that agent */
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
  return [...ordered, ...(await endHosts(dataDir, context, onStopped, ordered))];
}

/**
 * Ends the server. Resolves to its process id; undefined if none ran.
 * @throws CliaiError `failed` if its process is not known, or does not end; `already_running` while another command has the directory for itself
 */
export async function endServer(dataDir: string): Promise<number | undefined> {
  await refuseWhileWhole(dataDir);
  if (!(await isServed(dataDir))) return undefined;
  const server = await findProcess(dataDir);
  const { pid } = server;
  // The first signal ends the server in order, the second ends it and its nats-server at once. SIGKILL ends a server that hangs.
  for (const signal of ["SIGTERM", "SIGTERM", "SIGKILL"] as const) {
    await signalKnown(server, signal);
    const deadline = performance.now() + endsWithinMs;
    while (performance.now() < deadline) {
      // Look at the process, not at the lock: the lock ends with its process, and by now the next server may hold it.
      if ((await stillRunning([server])).length === 0) return pid;
      await pause(lookEveryMs);
    }
  }
  throw new CliaiError("failed", `the server (pid ${pid}) does not end`, { hint: `end it: kill -9 ${pid}` });
}

/**
 * Ends the nats-server of a server that was killed: by somebody else, or by endServer() as its last way. Resolves to its process id;
 * undefined if there is none.
 */
async function endLeftNatsServer(dataDir: string, log: Logger): Promise<number | undefined> {
  const natsDir = natsDirOf(dataDir);
  if ((await findOrphan(natsDir)) === undefined) return undefined;
  let whole: WholeDirectory;
  try {
    whole = await takeWhole(dataDir, "down");
  } catch (error) {
    // Another server has the directory by now. The nats-server is its own, or it ends it.
    if (error instanceof CliaiError && error.code === "already_running") return undefined;
    throw error;
  }
  try {
    return await endOrphan(natsDir, log);
  } finally {
    whole.release();
  }
}

/** The process that holds the server's lock, as it has written in the lock. Its start is checked, because a process id can be used again. */
async function findProcess(dataDir: string): Promise<KnownProcess> {
  const { pid, started } = (await readHolder(dataDir)) ?? {};
  const known = pid === undefined || started === undefined ? [] : await stillRunning([{ pid, started }]);
  const [server] = known;
  if (server !== undefined) return server;
  throw new CliaiError("failed", `cannot find the process that holds ${dataDir}`, {
    hint: "it is an older cliai, or runs in another container: press Ctrl-C where it was started",
  });
}
