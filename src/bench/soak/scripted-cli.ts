// A real bridge with a scripted CLI on its stdio: looks into the inbox again and again and applies what it finds. A bridge
// that was killed is started anew, as an agent's CLI would do.

import { pause } from "../../waiting.ts";
import { bridgeEnvironment, startMeasuredBridge } from "../bridge.ts";
import type { BenchChild } from "../child.ts";
import { initializeMcp, type McpClient } from "../mcp-client.ts";
import type { BenchContext } from "../scenario.ts";
import type { MeasuredServe } from "../serve.ts";

export interface ScriptedCli {
  readonly id: string;
  /** Ends its bridge as a crash would. */
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
        await pause(turnEveryMs); // it was killed: the next one goes on
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

/** The ids of the commands in a handout, before the reminder of what waits besides. */
function itemsOf(line: string): string[] {
  const { result } = JSON.parse(line) as {
    result?: { content: { text: string }[]; isError?: boolean };
  };
  if (result === undefined || result.isError === true) return [];
  const [json = "{}"] = (result.content[0]?.text ?? "").split("\n\n");
  const { items = [] } = JSON.parse(json) as { items?: { command_id?: string }[] };
  return items.flatMap(({ command_id }) => command_id ?? []);
}
