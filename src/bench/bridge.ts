// Starts a bridge of the measured program, as an agent's CLI does.
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type BenchChild, startBenchChild } from "./child.ts";
import type { BenchContext } from "./scenario.ts";
import { cleanEnvironment, type MeasuredServe } from "./serve.ts";

export interface BridgeOptions {
  /** Default 15, as in normal use. */
  readonly heartbeatS?: number;
}

/** The environment of an agent's bridge. Writes the agent's own credentials to a file. */
export async function bridgeEnvironment(
  serve: MeasuredServe,
  id: string,
): Promise<Record<string, string | undefined>> {
  const creds = join(serve.dataDir, `bench-${id}.creds`);
  await writeFile(creds, await serve.mintCreds(id), { mode: 0o600 });
  return { ...cleanEnvironment, AGENT_ID: id, NATS_URL: serve.natsUrl, NATS_CREDS: creds };
}

export async function startMeasuredBridge(
  { program }: Pick<BenchContext, "program">,
  env: Readonly<Record<string, string | undefined>>,
  { heartbeatS = 15 }: BridgeOptions = {},
): Promise<BenchChild> {
  return await startBenchChild(program, ["bridge", "--heartbeat", String(heartbeatS)], { env });
}
