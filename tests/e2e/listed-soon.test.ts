// How soon the fleet has an agent whose bridge starts, against how long a command of cliai takes on the same machine.
import { expect, test } from "bun:test";
import { bridgeEnv, fetchAgent, type ShownAgent } from "../support/bridges.ts";
import { startChild } from "../support/child.ts";
import { cliaiCommand, type RunningServe, startServe } from "../support/cliai.ts";
import { leastRatio, msOf } from "../support/quickest.ts";
import { waitFor } from "../support/wait-for.ts";

/** Measured: 3.5 to 7, since a command runs inside the server and takes half of what it took. */
const mostCommands = 12;

test("an agent is in /api/agents and in ls --json within the time of twelve commands from its bridge's start", async () => {
  await using serve = await startServe();
  const ratio = await leastRatio(mostCommands, (time) => listedAfter(serve, `quick-${time}`));
  expect(ratio).toBeLessThanOrEqual(mostCommands);
});

/** How long after the start of its bridge the agent is both in /api/agents and in `cliai ls`, in durations of `cliai ls`. */
async function listedAfter(serve: RunningServe, id: string): Promise<number> {
  const [command, ...args] = cliaiCommand();
  const env = { ...process.env, ...(await bridgeEnv(serve, id)) };
  const isInLs = async () => {
    const { stdout } = await serve.run(["ls", "--json"]);
    return (JSON.parse(stdout) as ShownAgent[]).some(({ agent_id }) => agent_id === id);
  };
  const commandMs = await msOf(async () => expect(await isInLs()).toBe(false));
  const startedMs = performance.now();
  await using _bridge = await startChild(command, [...args, "bridge"], { env });
  const seen = [() => fetchAgent(serve, id), isInLs].map((check) =>
    waitFor<unknown>(check, { what: `${id} in the fleet`, intervalMs: 5 }),
  );
  await Promise.all(seen);
  return (performance.now() - startedMs) / commandMs;
}
