// This room starts OpenCode on a model server of the user's own, which has `/v1/chat/completions`. Measured with 1.18.33.
//
// Builds the provider in OpenCode's configuration, which is there for this launch alone.
import { join } from "node:path";
import { askedBaseOf } from "../../../domain/model-server.ts";
import type { CliStart, LaunchModelServer } from "../../agent-launch.ts";

/** The name of the provider. */
const provider = "cliai";
/** How many tokens of one answer OpenCode asks for at most, if nothing limits it. */
const mostAnswerTokens = 32_000;
/**
 * How long OpenCode waits for the beginning and for the next part of an answer. A server that other agents keep busy sends nothing until it is
 * this agent's turn. OpenCode's own limit is five minutes: then it would ask again, and its request would be the last in the queue.
 */
const answersWithinMs = 1_800_000;

/**
 * The keys of OpenCode's configuration. In the place of secrets they name the files of {@link providerFiles}.
 * @param dir the agent's own folder
 */
export function providerConfig(server: LaunchModelServer, dir: string): Record<string, unknown> {
  const { model = "", context } = server;
  const output = context && Math.min(mostAnswerTokens, Math.floor(context / 4));
  const limit = context === undefined ? {} : { limit: { context, output } };
  const apiKey = server.key === undefined ? {} : { apiKey: `{file:${keyPath(dir)}}` };
  return {
    model: `${provider}/${model}`,
    // For titles and summaries.
    small_model: `${provider}/${model}`,
    provider: {
      [provider]: {
        npm: "@ai-sdk/openai-compatible", // is inside the program
        name: "model server",
        options: {
          ...{ baseURL: `{file:${urlPath(dir)}}`, ...apiKey },
          ...{ headerTimeout: answersWithinMs, chunkTimeout: answersWithinMs },
        },
        models: { [model]: { name: model, tool_call: true, ...limit } },
      },
    },
  };
}

/** The files with the server's address and key. The address is a secret if it is the address of the host's gate. */
export function providerFiles(server: LaunchModelServer, dir: string): NonNullable<CliStart["files"]> {
  const { key } = server;
  return [
    { path: urlPath(dir), content: `${askedBaseOf(server)}/v1` },
    ...(key === undefined ? [] : [{ path: keyPath(dir), content: key }]),
  ];
}

function urlPath(dir: string): string {
  return join(dir, "opencode-model-server-url");
}

function keyPath(dir: string): string {
  return join(dir, "opencode-model-server-key");
}
