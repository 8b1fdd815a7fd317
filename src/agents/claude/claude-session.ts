// What the host needs for a session of Claude Code: the settings with our hooks, the reading of a hook, and the answer to it. Measured with
// 2.1.330.
import { type ChangingTools, changedFiles } from "../../domain/files/changed-files.ts";
import type { Hook, HookAnswer } from "../../domain/hook.ts";
import { CliaiError } from "../../domain/text/errors.ts";
import { toolNames } from "../../domain/wire/tools/tools.ts";
import type { HookPlace, LaunchModelServer } from "../agent-launch.ts";
import { noProxyWithLoopback } from "../direct-loopback.ts";
import type { HookTranslation, SessionCli } from "../session-cli.ts";
import { shellQuote } from "../shell-quote.ts";
import { claudeAbilities, showsDialogBesideHook } from "./claude-abilities.ts";
import { readBackgroundTasks } from "./claude-background.ts";
import { describeDenial } from "./claude-denials.ts";
import { readRecordEntries } from "./claude-entries.ts";
import { readClaudeHook } from "./claude-hooks.ts";
import { answeredInput, readAsking } from "./claude-questions.ts";
import { readInterruption, readToolResults, subagentRecord } from "./claude-record.ts";
import { readRecordLine } from "./claude-record-signs.ts";
import { readClaudeDecisions, readClaudeTelemetry, telemetryEnv } from "./claude-telemetry.ts";
import { writeToSocket } from "./messaging-socket.ts";
import { settingsEnv } from "./model-server/model-server-env.ts";
import { permissionEvent, streamedEvents } from "./stream/claude-stream-hooks.ts";

/** The hooks that may be held for as long as a person takes to answer. The others are answered at once. */
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
/** 2.1.330 does not call HTTP hooks for these events, so they get a command. */
const commandEvents = ["SessionStart"] as const;
const toldWithinS = 5;
/** By default 2.1.330 ends a turn whose end was refused 8 times in a row. With stop approval somebody decides each time, so the limit is raised. */
const mostRefusedEnds = 1_000_000;

/** Builds the settings file of one agent. Claude reads it in addition to the user's own settings. */
export function buildClaudeSettings(place: HookPlace, modelServer?: LaunchModelServer): unknown {
  const { url, token, holdS, version, userSettings } = place;
  const byCommand = (timeout: number) => [{ hooks: [{ ...commandOf(place), timeout }] }];
  const byHttp = (timeout: number) => [
    { hooks: [{ type: "http", url, headers: { authorization: `Bearer ${token}` }, timeout }] },
  ];
  const { httpHooks, streamHooks } = claudeAbilities(version);
  const noProxy = noProxyWithLoopback([userSettings.noProxy], modelServer);
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
    // Without this, a session that asks for no permissions ignores the messages from its host.
    crossSessionInbound: "accept",
    // `/bg`, and ← at an empty prompt, would move the session to Claude's own daemon, away from its host.
    disableAgentView: true,
    env: {
      // The user's own settings may name a proxy, which cannot reach this machine's loopback.
      NO_PROXY: noProxy,
      no_proxy: noProxy,
      ...(place.holdsEnds ? { CLAUDE_CODE_STOP_HOOK_BLOCK_CAP: String(mostRefusedEnds) } : {}),
      ...telemetryEnv(place),
      ...(modelServer === undefined ? {} : settingsEnv(modelServer, place.env)),
    },
  };
}

/** Gives the arguments separately, so that no shell parses them. An older release would ignore them, so it gets one quoted command. */
function commandOf({ command: { command, args }, version }: HookPlace): object {
  return claudeAbilities(version).commandArgs
    ? { type: "command", command, args }
    : { type: "command", command: shellQuote([command, ...args]) };
}

const changingTools: ChangingTools = {
  ...{ Edit: ["file_path"], MultiEdit: ["file_path"], Write: ["file_path"], NotebookEdit: ["notebook_path"] },
};
const ownTools: ReadonlySet<string> = new Set(toolNames.map((name) => `mcp__cliai__${name}`));

function readHook(payload: unknown): Hook | undefined {
  const read = readClaudeHook(payload);
  if (read === undefined) throw new CliaiError("message_invalid", "this is not a hook of Claude Code");
  const { hook, facts } = read;
  if (facts === undefined) return undefined;
  const { tool_name: name, tool_input: input, tool_response: result } = hook;
  return {
    facts,
    prompt: hook.prompt,
    tool:
      name === undefined
        ? undefined
        : {
            ...{
              name,
              input,
              result,
              isOwn: ownTools.has(name),
              files: changedFiles(changingTools, name, input),
            },
            ...readAsking(name, input),
          },
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
      // Without the input, the dialog of a tool that asks its user (ExitPlanMode) stays open.
      return specific({ decision: { behavior: "allow", updatedInput: tool?.input } });
    case "answer": {
      const updatedInput = answeredInput(tool?.input, answer.answers);
      return specific({ decision: { behavior: "allow", updatedInput } });
    }
    case "forbid":
      return specific({ decision: { behavior: "deny", message: answer.reason } });
  }
}

/** Claude's names of the hooks whose answer has a `hookSpecificOutput`. */
const eventNames: Readonly<Record<string, string>> = {
  tool_start: "PreToolUse",
  tool_end: "PostToolUse",
  tool_failed: "PostToolUseFailure",
  prompt: "UserPromptSubmit",
  permission: permissionEvent,
  question: permissionEvent,
};

export const claudeHooks: HookTranslation = { read: readHook, buildAnswer: buildHookAnswer };

export const claudeSession: SessionCli = {
  routes: ["stream-json", "messaging-socket", "hook", "terminal"],
  showsDialogBesideHook,
  mayAskAtStart: "it may ask whether it trusts this folder",
  whenBridgeEnds: { stream: "claude starts it again with the next call of one of its tools" },
  writeToSocket,
  hooks: claudeHooks,
  readRecordLine,
  readRecordEntries,
  readInterruption,
  readToolResults,
  subagentRecord,
  describeDenial,
  readTelemetry: readClaudeTelemetry,
  readDecisions: readClaudeDecisions,
};
