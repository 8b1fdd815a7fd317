// This room starts Claude Code on a model server of the user's own, which has `/v1/messages`. Measured with 2.1.330 on llama.cpp b11549.
//
// The variables by which Claude Code finds the server and its model.
import { askedBaseOf } from "../../../domain/model-server.ts";
import type { LaunchModelServer } from "../../agent-launch.ts";

/** How long Claude waits for an answer: a server that other agents keep busy sends nothing until it is this agent's turn. */
const answersWithinMs = 1_800_000;
/** How many tokens of one answer Claude asks for at most, if no variable says so. */
const mostAnswerTokens = 32_000;

const smallestCompacted = 50_000;

/** Variables that would send the session to another service, or the key of another service to this server. */
const otherServices = [
  ...["ANTHROPIC_API_KEY", "ANTHROPIC_CUSTOM_HEADERS"],
  ...["CLAUDE_CODE_USE_BEDROCK", "CLAUDE_CODE_USE_VERTEX", "CLAUDE_CODE_USE_FOUNDRY"],
] as const;

/** Each of these variables names the model for some of the requests: of the session, of subagents, for titles. */
const modelVariables = [
  ...["ANTHROPIC_MODEL", "ANTHROPIC_SMALL_FAST_MODEL", "CLAUDE_CODE_SUBAGENT_MODEL"],
  ...["ANTHROPIC_DEFAULT_OPUS_MODEL", "ANTHROPIC_DEFAULT_SONNET_MODEL", "ANTHROPIC_DEFAULT_HAIKU_MODEL"],
] as const;

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * The variables for the `env` of the agent's settings, which wins over the user's own settings. There, an empty value counts as none.
 * @param env the environment of the CLI; limits that it sets win over ours
 */
export function settingsEnv(server: LaunchModelServer, env: Environment): Record<string, string> {
  const { model = "", context, key = "none" } = server;
  return {
    ANTHROPIC_BASE_URL: askedBaseOf(server),
    ANTHROPIC_AUTH_TOKEN: key,
    ...Object.fromEntries(otherServices.map((name) => [name, ""])),
    ...Object.fromEntries(modelVariables.map((name) => [name, model])),
    // Without this, a header in the prompt changes with each request, and the server would have to read the whole prompt again.
    CLAUDE_CODE_ATTRIBUTION_HEADER: "0",
    API_TIMEOUT_MS: env.API_TIMEOUT_MS || String(answersWithinMs),
    ...(context === undefined ? {} : contextEnv(context, env)),
  };
}

/** The variables of {@link settingsEnv} for the environment of the process, where undefined removes a variable. */
export function processEnv(server: LaunchModelServer, env: Environment): Record<string, string | undefined> {
  const entries = Object.entries(settingsEnv(server, env));
  return Object.fromEntries(entries.map(([name, value]) => [name, value === "" ? undefined : value]));
}

/** Without these variables, Claude assumes a context of 200,000 tokens for an unknown model. */
function contextEnv(context: number, env: Environment): Record<string, string> {
  const answer = Math.min(mostAnswerTokens, Math.floor(context / 4));
  return {
    CLAUDE_CODE_MAX_CONTEXT_TOKENS: String(context),
    // Claude compacts a conversation some 33,000 tokens before the end of the context. In a small context that is before its first request.
    ...(context < smallestCompacted ? { DISABLE_AUTO_COMPACT: "1" } : {}),
    // A small model may write without end.
    CLAUDE_CODE_MAX_OUTPUT_TOKENS: env.CLAUDE_CODE_MAX_OUTPUT_TOKENS || String(answer),
  };
}
