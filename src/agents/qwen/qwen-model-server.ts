// How Qwen Code is started on a model server of the user's own, which has `/v1/chat/completions`. Measured with 0.24.4.
import { askedBaseOf } from "../../domain/model-server.ts";
import type { AgentLaunch } from "../agent-launch.ts";

type Launch = Pick<AgentLaunch, "modelServer">;

/** How many tokens of SmolLM2 an agent's requests have before its task, with cliai's own tools. */
export const ownTokens = { full: 20_300 } as const;

/** Without it, Qwen Code asks the service that the user has chosen. */
export function modelServerArgs({ modelServer }: Launch): string[] {
  return modelServer === undefined ? [] : ["--auth-type", "openai"];
}

export function modelServerEnv({ modelServer }: Launch): Record<string, string> {
  if (modelServer === undefined) return {};
  const { model = "", key = "none" } = modelServer;
  return { OPENAI_BASE_URL: `${askedBaseOf(modelServer)}/v1`, OPENAI_API_KEY: key, OPENAI_MODEL: model };
}

/** Settings. Without the size of the context, Qwen Code takes that of an unknown model for 200,000 tokens. */
export function modelServerDefaults({ modelServer }: Launch): object {
  const contextWindowSize = modelServer?.context;
  return contextWindowSize === undefined ? {} : { model: { generationConfig: { contextWindowSize } } };
}
