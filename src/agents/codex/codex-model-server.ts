// Builds the parameters by which Codex opens a thread on a model server of the user's own, which has `/v1/responses`. They define a provider
// that exists for this thread only. Measured with 0.171.0.
import { askedBaseOf } from "../../domain/model-server.ts";
import type { AgentLaunch } from "../agent-launch.ts";

/** The name of the provider. */
const provider = "cliai";
/** How long Codex waits for the next part of an answer: a server that other agents keep busy sends nothing until it is this agent's turn. */
const answersWithinMs = 1_800_000;

export interface ProviderParams {
  /** Parameters of `thread/start`. */
  readonly params: Readonly<Record<string, unknown>>;
  /** Keys of its `config`. */
  readonly config: Readonly<Record<string, unknown>>;
}

export function providerParams({ modelServer }: Pick<AgentLaunch, "modelServer">): ProviderParams {
  if (modelServer === undefined) return { params: {}, config: {} };
  const { key, context } = modelServer;
  const own = {
    ...{ name: "model server", base_url: `${askedBaseOf(modelServer)}/v1`, wire_api: "responses" },
    stream_idle_timeout_ms: answersWithinMs,
    ...(key === undefined ? {} : { experimental_bearer_token: key }),
  };
  return {
    params: { modelProvider: provider },
    config: {
      [`model_providers.${provider}`]: own,
      ...(context === undefined ? {} : { model_context_window: context }),
    },
  };
}
