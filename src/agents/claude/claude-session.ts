// Claude Code's session as its host meets it: the settings with our hooks, what a hook says, and what it is answered. Measured
// with 2.1.330.
import type { Hook, HookAnswer, SessionCli } from "../../domain/hook.ts";
import { CliaiError } from "../../domain/text/errors.ts";
import { toolNames } from "../../domain/wire/tools.ts";
import type { HookPlace } from "../agent-cli.ts";
import { shellQuote } from "../shell-quote.ts";
import { claudeAbilities } from "./claude-abilities.ts";
import { readBackgroundTasks } from "./claude-background.ts";
import { readClaudeHook } from "./claude-hooks.ts";
import { answeredInput, readAsking } from "./claude-questions.ts";
import { readInterruption, readToolResults, subagentRecord } from "./claude-record.ts";
import { readRecordLine } from "./claude-record-signs.ts";
import { permissionEvent, streamedEvents } from "./claude-stream-hooks.ts";
import { readClaudeTelemetry, telemetryEnv } from "./claude-telemetry.ts";
import { writeToSocket } from "./messaging-socket.ts";

/** Those that may be held as long as a person takes; the others only tell. */
const heldEvents = ["PreToolUse", "PermissionRequest", "Stop"] as const;
const toldEvents = [
  "SessionEnd",
  "UserPromptSubmit",
  "PostToolUse",
  "PostToolUseFailure",
  "Notification",
  "Elicitation",
  "ElicitationResult",
  "StopFailure",
  "SubagentStart",
  "SubagentStop",
  "PreCompact",
] as const;
/** 2.1.330 skips a HTTP hook of these. */
const commandEvents = ["SessionStart"] as const;
const toldWithinS = 5;
/** After 8 ends of a turn that were held back in a row 2.1.330 ends it all the same; each of these is a decision of somebody's. */
const mostRefusedEnds = 1_000_000;

/** The settings file of one agent, beside the user's own settings and never in their place. */
export function buildClaudeSettings(place: HookPlace): unknown {
  const { url, token, holdS, version, userSettings } = place;
  const byCommand = (timeout: number) => [{ hooks: [{ ...commandOf(place), timeout }] }];
  const byHttp = (timeout: number) => [
    { hooks: [{ type: "http", url, headers: { authorization: `Bearer ${token}` }, timeout }] },
  ];
  const { httpHooks, streamHooks } = claudeAbilities(version);
  const hook = httpHooks && userSettings.httpHooksOff === undefined ? byHttp : byCommand;
  const hooks = [
    ...heldEvents.map((event) => [event, hook(holdS)] as const),
    ...toldEvents.map((event) => [event, hook(toldWithinS)] as const),
    ...commandEvents.map((event) => [event, byCommand(toldWithinS)] as const),
  ];
  const isStreamed = (event: string) =>
    place.isHeadless &&
    ((streamHooks && streamedEvents.has(event)) || (place.asksPermissions && event === permissionEvent));
  return {
    hooks: Object.fromEntries(hooks.filter(([event]) => !isStreamed(event))),
    // Without it a session that asks for no permissions leaves its host's messages lying.
    crossSessionInbound: "accept",
    // `/bg`, and ← at an empty prompt, would move the session to Claude's own daemon, away from its host.
    disableAgentView: true,
    env: {
      // The user's own settings may name a proxy, which knows nothing of this machine's loopback.
      NO_PROXY: userSettings.noProxy,
      no_proxy: userSettings.noProxy,
      ...(place.holdsEnds ? { CLAUDE_CODE_STOP_HOOK_BLOCK_CAP: String(mostRefusedEnds) } : {}),
      ...telemetryEnv(place),
    },
  };
}

/** With arguments of their own no shell reads them; a release that does not know that would run the bare program. */
function commandOf({ command: { command, args }, version }: HookPlace): object {
  return claudeAbilities(version).commandArgs
    ? { type: "command", command, args }
    : { type: "command", command: shellQuote([command, ...args]) };
}

const ownTools: ReadonlySet<string> = new Set(toolNames.map((name) => `mcp__cliai__${name}`));

function readHook(payload: unknown): Hook | undefined {
  const read = readClaudeHook(payload);
  if (read === undefined) throw new CliaiError("message_invalid", "this is no hook of Claude Code");
  const { hook, facts } = read;
  if (facts === undefined) return undefined;
  const { tool_name: name, tool_input: input, tool_response: result } = hook;
  return {
    facts,
    prompt: hook.prompt,
    tool:
      name === undefined
        ? undefined
        : { name, input, result, isOwn: ownTools.has(name), ...readAsking(name, input) },
    transcriptPath: hook.transcript_path,
    lastWords: hook.last_assistant_message,
    isHeldBack: hook.stop_hook_active,
    promptId: hook.prompt_id,
    background:
      facts.kind === "turn_end" && hook.background_tasks !== undefined
        ? readBackgroundTasks(hook.background_tasks)
        : undefined,
    isIdle: hook.notification_type === "idle_prompt",
    isSubagent: hook.agent_id !== undefined,
  };
}

function buildHookAnswer({ facts, tool }: Hook, answer: HookAnswer): unknown {
  const specific = (fields: Record<string, unknown>) => ({
    hookSpecificOutput: { hookEventName: eventNames[facts.kind], ...fields },
  });
  switch (answer.type) {
    case "go":
      return {};
    case "deny":
      return specific({ permissionDecision: "deny", permissionDecisionReason: answer.reason });
    case "add":
      return specific({ additionalContext: answer.text });
    case "hold_back":
      return { decision: "block", reason: answer.reason };
    case "permit":
      // Without the input, a tool that asks its user (ExitPlanMode) leaves its dialog standing.
      return specific({ decision: { behavior: "allow", updatedInput: tool?.input } });
    case "answer": {
      const updatedInput = answeredInput(tool?.input, answer.answers);
      return specific({ decision: { behavior: "allow", updatedInput } });
    }
    case "forbid":
      return specific({ decision: { behavior: "deny", message: answer.reason } });
  }
}

/** Claude's names of the hooks that are answered with more than nothing. */
const eventNames: Readonly<Record<string, string>> = {
  tool_start: "PreToolUse",
  tool_end: "PostToolUse",
  tool_failed: "PostToolUseFailure",
  prompt: "UserPromptSubmit",
  permission: permissionEvent,
  question: permissionEvent,
};

export const claudeSession: SessionCli = {
  writeToSocket,
  readHook,
  buildHookAnswer,
  readRecordLine,
  readInterruption,
  readToolResults,
  subagentRecord,
  readTelemetry: readClaudeTelemetry,
};
