// Runs a real bridge with a scripted CLI on its stdio, which checks the inbox every second and applies what it finds. A bridge that was
// killed is started again, as an agent's CLI would do.

import { pause } from "../../waiting.ts";
import { bridgeEnvironment, startMeasuredBridge } from "../bridge.ts";
import type { BenchChild } from "../child.ts";
import { initializeMcp, type McpClient } from "../mcp-client.ts";
import type { BenchContext } from "../scenario.ts";
import type { MeasuredServe } from "../serve.ts";

export interface ScriptedCli {
  readonly id: string;
  /** Kills its bridge, like a crash. */
  kill(): void;
  stop(): Promise<void>;
}

const turnEveryMs = 1_000;

export async function startScriptedCli(
  context: Pick<BenchContext, "program">,
  serve: MeasuredServe,
  id: string,
): Promise<ScriptedCli> {
  const env = await bridgeEnvironment(serve, id);
  let isOver = false;
  let child: BenchChild | undefined;
  const owed = new Set<string>();

  const turn = async (client: McpClient) => {
    for (const command_id of itemsOf(await client.callTool("check_inbox", {}))) owed.add(command_id);
    for (const command_id of owed) {
      const answer = await client.callTool("acknowledge", { command_id, outcome: "applied" });
      if (!answer.includes('"isError":true')) owed.delete(command_id);
    }
  };
  const live = async () => {
    while (!isOver) {
      try {
        child = await startMeasuredBridge(context, env, { heartbeatS: 5 });
        const client = await initializeMcp(child);
        while (!isOver) {
          await turn(client);
          await pause(turnEveryMs);
        }
      } catch {
        await pause(turnEveryMs); // the bridge was killed; start the next one
      } finally {
        await child?.[Symbol.asyncDispose]();
      }
    }
  };
  const living = live();
  return {
    id,
    kill: () => child?.kill("SIGKILL"),
    stop: async () => {
      isOver = true;
      await living;
    },
  };
}

/** The ids of the commands in an answer of check_inbox. The reminder about further items, after a blank line, is left out. */
function itemsOf(line: string): string[] {
  const { result } = JSON.parse(line) as {
    result?: { content: { text: string }[]; isError?: boolean };
  };
  if (result === undefined || result.isError === true) return [];
  const [json = "{}"] = (result.content[0]?.text ?? "").split("\n\n");
  const { items = [] } = JSON.parse(json) as { items?: { command_id?: string }[] };
  return items.flatMap(({ command_id }) => command_id ?? []);
}
