// An agent's gate over real NATS, and what its CLI asks through it.
import { startLink } from "../../src/agent-link/link.ts";
import { directFetch } from "../../src/direct-fetch.ts";
import { parseAgentId } from "../../src/domain/wire/agent-id.ts";
import type { ModelRequest } from "../../src/domain/wire/model-request.ts";
import { silentLogger } from "../../src/log.ts";
import { openModelGate } from "../../src/model-gate/open-model-gate.ts";
import { connectBus } from "../../src/nats/connect-bus.ts";

export interface TestGate extends AsyncDisposable {
  readonly url: string;
  /** What the host would show of the agent, from the first state to the last. */
  readonly states: readonly ModelRequest[];
  /** Sends one model request, and resolves with its whole answer. */
  ask(options?: { readonly signal?: AbortSignal; readonly body?: object }): Promise<string>;
}

export interface TestGateOptions {
  readonly natsUrl: string;
  readonly url: string;
  readonly slots?: number;
  /** The model of the profile. */
  readonly model?: string;
  readonly silentForMs?: number;
}

export async function startGate(
  id: string,
  { natsUrl, url, slots, model, silentForMs }: TestGateOptions,
): Promise<TestGate> {
  const states: ModelRequest[] = [];
  const link = startLink(() => connectBus({ url: natsUrl, name: id, log: silentLogger }), silentLogger);
  const gate = await openModelGate({
    id: parseAgentId(id),
    modelServer: { url, kind: "auto", slots, model },
    machine: "box",
    onRequest: (request) => states.push(request),
    now: () => new Date(),
    log: silentLogger,
    ...{ link, silentForMs },
  });
  return {
    url: gate.url,
    states,
    async ask({ signal, body = { model: "tiny" } } = {}) {
      const response = await directFetch(`${gate.url}/v1/chat/completions`, {
        method: "POST",
        headers: { "content-type": "application/json", authorization: "Bearer key-1" },
        body: JSON.stringify(body),
        ...(signal && { signal }),
      });
      return await response.text();
    },
    async [Symbol.asyncDispose]() {
      await gate.stop();
      await link.close(500);
    },
  };
}
