// Agents that ask a model server, each one request after another, until each has had its rounds.
import { directFetch } from "../../direct-fetch.ts";
import { parseAgentId } from "../../domain/wire/agent-id.ts";
import { silentLogger } from "../../log.ts";
import { openModelGate } from "../../model-gate/open-model-gate.ts";
import type { MeasuredServe } from "../serve.ts";

export interface WorkDone {
  /** How long all took together. */
  readonly wholeMs: number;
  /** How long each request took, its wait included. */
  readonly tookMs: readonly number[];
}

/** @param urls where each agent asks: its gate, or the server itself */
export async function letAgentsWork(urls: readonly string[], rounds: number): Promise<WorkDone> {
  const tookMs: number[] = [];
  const beganMs = performance.now();
  const workOne = async (url: string, agent: number) => {
    for (let round = 0; round < rounds; round += 1) {
      const askedMs = performance.now();
      await ask(url, agent);
      tookMs.push(performance.now() - askedMs);
    }
  };
  await Promise.all(urls.map(workOne));
  return { wholeMs: performance.now() - beganMs, tookMs };
}

async function ask(url: string, agent: number): Promise<void> {
  const body = JSON.stringify({ model: "scripted", user: `agent-${agent}` });
  const response = await directFetch(`${url}/v1/chat/completions`, { method: "POST", body });
  const text = await response.text();
  if (!response.ok) throw new Error(`the model server answers ${response.status}: ${text}`);
}

/** The addresses of the gates of so many agents, each with its own connection to serve. They are closed with `parts`. */
export async function openGates(
  serve: MeasuredServe,
  parts: AsyncDisposableStack,
  { url, agents }: { readonly url: string; readonly agents: number },
): Promise<string[]> {
  return await Promise.all(
    Array.from({ length: agents }, async (_, index) => {
      const id = parseAgentId(`agent-${index}`);
      const bus = await serve.connect(`bench ${id}`, id);
      const gate = await openModelGate({
        ...{ id, machine: "bench", modelServer: { url, kind: "auto" } },
        link: { bus: () => bus, connected: async () => bus, trouble: () => undefined },
        ...{ onRequest: () => undefined, now: () => new Date(), log: silentLogger },
      });
      parts.defer(() => gate.stop());
      return gate.url;
    }),
  );
}
