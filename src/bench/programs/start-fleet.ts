// Starts a fleet of simulated agents, `sim-0` and so on, as a process of its own.
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { BenchChild } from "../child.ts";
import type { BenchContext } from "../scenario.ts";
import type { MeasuredServe } from "../serve.ts";
import type { Pace } from "../simulated-agent.ts";
import type { FleetOptions } from "./fleet.ts";
import { startProgram } from "./start-program.ts";

/** Resolves when all are connected. They take commands. They end when `parts` are disposed of. */
export async function startFleet(
  context: BenchContext,
  serve: MeasuredServe,
  parts: AsyncDisposableStack,
  { count, pace }: { readonly count: number; readonly pace: Pace },
): Promise<BenchChild> {
  const creds: Record<string, string> = {};
  for (let n = 0; n < count; n += 1) creds[`sim-${n}`] = await serve.mintCreds(`sim-${n}`);
  const credsPath = join(serve.dataDir, "bench-fleet.json");
  await writeFile(credsPath, JSON.stringify(creds), { mode: 0o600 });
  const options: FleetOptions = { url: serve.natsUrl, pace, takesCommands: true, credsPath };
  return await startProgram(context, parts, "fleet", options);
}

/** How many agents the server takes for online, real ones included. */
export async function agentsOnline(serve: MeasuredServe): Promise<number> {
  const agents = (await (await serve.fetch("/api/agents")).json()) as {
    axes: { link: { value: string } };
  }[];
  return agents.filter(({ axes }) => axes.link.value === "online").length;
}
