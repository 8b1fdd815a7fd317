// How Qwen Code is started on a model server of the user's own, which has `/v1/chat/completions`. Measured with 0.24.4.
import { definedOf } from "../../domain/defined.ts";
import { askedBaseOf } from "../../domain/model-server.ts";
import type { AgentLaunch } from "../agent-launch.ts";

type Launch = Pick<AgentLaunch, "modelServer">;

/** How many tokens, as SmolLM2 counts them, each request has before the agent's task, with cliai's own tools. */
export const ownTokens = { full: 20_300 } as const;

/** Without this argument, Qwen Code asks the service that the user has chosen. */
export function modelServerArgs({ modelServer }: Launch): string[] {
  return modelServer === undefined ? [] : ["--auth-type", "openai"];
}

export function modelServerEnv({ modelServer }: Launch): Record<string, string> {
  if (modelServer === undefined) return {};
  const { model = "", key = "none" } = modelServer;
  return { OPENAI_BASE_URL: `${askedBaseOf(modelServer)}/v1`, OPENAI_API_KEY: key, OPENAI_MODEL: model };
}

/**
 * How long Qwen Code waits for the beginning and for the next part of an answer. A server that other agents keep busy sends nothing until it is
 * this agent's turn. Qwen Code's own limits are two and four minutes: then it would ask again, and its request would be the last in the queue.
 */
const answersWithinMs = 1_800_000;

/** The settings for the file of defaults. Without `contextWindowSize`, Qwen Code assumes 200,000 tokens for an unknown model. */
export function modelServerDefaults({ modelServer }: Launch): object {
  if (modelServer === undefined) return {};
  const { context: contextWindowSize } = modelServer;
  const waits = { timeout: answersWithinMs, streamIdleTimeoutMs: answersWithinMs };
  return { model: { generationConfig: { ...waits, ...definedOf({ contextWindowSize }) } } };
}
