// This room starts OpenCode on a model server of the user's own, which has `/v1/chat/completions`. Measured with 1.18.33.
//
// The provider of its configuration that is there for this launch alone.
import { askedBaseOf } from "../../../domain/model-server.ts";
import type { LaunchModelServer } from "../../agent-launch.ts";

/** The name of the provider. */
const provider = "cliai";
/** OpenCode asks for this many at most by itself. */
const mostAnswerTokens = 32_000;

/**
 * The keys of OpenCode's configuration.
 * @param keyPath a file with the server's key; undefined if it needs none
 */
export function providerConfig(
  server: LaunchModelServer,
  keyPath: string | undefined,
): Record<string, unknown> {
  const { model = "", context } = server;
  const output = context && Math.min(mostAnswerTokens, Math.floor(context / 4));
  const limit = context === undefined ? {} : { limit: { context, output } };
  const apiKey = keyPath === undefined ? {} : { apiKey: `{file:${keyPath}}` };
  return {
    model: `${provider}/${model}`,
    // For titles and summaries.
    small_model: `${provider}/${model}`,
    provider: {
      [provider]: {
        npm: "@ai-sdk/openai-compatible", // is inside the program
        name: "model server",
        options: { baseURL: `${askedBaseOf(server)}/v1`, ...apiKey },
        models: { [model]: { name: model, tool_call: true, ...limit } },
      },
    },
  };
}
