// A fleet of simulated agents in one process. It prints `{"connected":N}` after each one, and `{"ready":true}` when all are. It answers the line `deeds` with what
// they have done. `{"end":ID,"goodbye":BOOL}` ends one of them, `{"start":ID}` starts it again.
import { readFile } from "node:fs/promises";
import { createInterface } from "node:readline";
import { noDeeds, type Pace, startSimulatedAgent } from "../simulated-agent.ts";
import { type BenchProgram, say } from "./program.ts";

export interface FleetOptions {
  readonly url: string;
  readonly pace: Pace;
  readonly takesCommands: boolean;
  /** A JSON file of agent id -> credentials. They are in a file because they are secret, and too long for an argument. */
  readonly credsPath: string;
}

export interface FleetOrder {
  readonly start?: string;
  readonly end?: string;
  readonly goodbye?: boolean;
}

const connectedAtOnce = 10;

export const fleet: BenchProgram = async ({ options, stdin, stdout }) => {
  const { url, pace, takesCommands, credsPath } = options as FleetOptions;
  const credsOf = JSON.parse(await readFile(credsPath, "utf8")) as Readonly<Record<string, string>>;
  const deeds = noDeeds();
  const running = new Map<string, (isGoodbye: boolean) => Promise<void>>();
  const start = async (id: string) => {
    const creds = credsOf[id];
    if (creds === undefined || running.has(id)) return;
    running.set(id, await startSimulatedAgent({ url, id, creds, pace, takesCommands, deeds }));
  };
  const end = async (id: string, isGoodbye: boolean) => {
    const stop = running.get(id);
    running.delete(id);
    await stop?.(isGoodbye);
  };
  const ids = Object.keys(credsOf);
  const connect = async (id: string) => {
    await start(id);
    say(stdout, { connected: running.size });
  };
  for (let n = 0; n < ids.length; n += connectedAtOnce)
    await Promise.all(ids.slice(n, n + connectedAtOnce).map(connect));
  say(stdout, { ready: true });
  // One line after another, so that the end of an agent does not overtake its start.
  for await (const line of createInterface({ input: stdin })) {
    if (line === "deeds") {
      say(stdout, deeds);
      deeds.callMs = [];
      continue;
    }
    const order = JSON.parse(line) as FleetOrder;
    if (order.end !== undefined) await end(order.end, order.goodbye === true);
    if (order.start !== undefined) await start(order.start);
  }
  await Promise.all([...running.keys()].map((id) => end(id, true)));
};
