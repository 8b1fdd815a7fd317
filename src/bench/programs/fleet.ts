// A fleet of simulated agents in one process. It says `{"ready":true}` once all are connected, and what they have done for
// each line `deeds` it is told; `{"end":ID,"goodbye":BOOL}` ends one of them, `{"start":ID}` brings it back.
import { readFile } from "node:fs/promises";
import { createInterface } from "node:readline";
import { noDeeds, type Pace, startSimulatedAgent } from "../simulated-agent.ts";
import { type BenchProgram, say } from "./program.ts";

export interface FleetOptions {
  readonly url: string;
  readonly pace: Pace;
  readonly takesCommands: boolean;
  /** A JSON file of agent id -> credentials: too long for an argument, and a secret. */
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
  for (let n = 0; n < ids.length; n += connectedAtOnce)
    await Promise.all(ids.slice(n, n + connectedAtOnce).map(start));
  say(stdout, { ready: true });
  // One after another: an end overtakes no start of the same agent.
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
