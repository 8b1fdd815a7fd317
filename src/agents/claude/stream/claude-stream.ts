// This room runs Claude Code without a terminal: its stream of JSON lines, the hooks on it, and what it shows.
//
// The live session of a headless Claude Code, which reads messages, and writes what it does, as lines of JSON. Measured with 2.1.330.
import type { Writable } from "node:stream";
import * as v from "valibot";
import type { Hook } from "../../../domain/hook.ts";
import { messageOf } from "../../../domain/text/errors.ts";
import { createLineSplitter } from "../../../domain/text/lines.ts";
import { parseJsonLine } from "../../../domain/wire/decode.ts";
import type { LiveSession, SessionPipes } from "../../live-session.ts";
import { passesOn } from "../../passed-on.ts";
import { claudeAbilities } from "../claude-abilities.ts";
import { claudeHooks } from "../claude-session.ts";
import { createStreamHooks } from "./claude-stream-hooks.ts";
import { createStreamSigns } from "./claude-stream-signs.ts";

const interruptWithinMs = 2_000;

const ControlResponseSchema = v.looseObject({
  type: v.literal("control_response"),
  response: v.looseObject({ subtype: v.string(), request_id: v.string() }),
});

/** If the user passes one of these, the session has an id already, and Claude would refuse a second one. It may be of an earlier run. */
export const sessionFlags = ["--session-id", "--resume", "-r", "--continue", "-c", "--from-pr"];

export const streamArgs = [
  "-p",
  ...["--input-format", "stream-json", "--output-format", "stream-json"],
  ...["--verbose", "--replay-user-messages"],
];

export function openClaudeStream(pipes: SessionPipes): LiveSession {
  const { stdin, stdout, onEvent, onSign, onResult, onWords } = pipes;
  const createId = () => crypto.randomUUID();
  const interrupts = new Map<string, (isDone: boolean) => void>();
  const { launch } = pipes;
  const signs = createStreamSigns({ isResumed: launch.isResumed === true || passesOn(launch, sessionFlags) });
  // Ignored, because a write to a closed input rejects by itself, and the process's end is noticed elsewhere.
  stdin.on("error", () => undefined);
  const hooks = createStreamHooks({
    createId,
    onHook: (payload, signal) => answerHook(pipes, payload, signal),
    onToolResult: (payload) => {
      const hook = readHook(pipes, payload);
      if (hook !== undefined) pipes.observe(hook);
    },
    write: (line) => write(stdin, line),
  });
  const { version, holdS } = pipes.launch.hooks;
  const carriesHooks = claudeAbilities(version).streamHooks;
  const whenReady = carriesHooks ? hooks.register(holdS) : Promise.resolve();

  const take = (line: unknown) => {
    const control = v.safeParse(ControlResponseSchema, line);
    if (control.success) {
      const { request_id, subtype } = control.output.response;
      interrupts.get(request_id)?.(subtype === "success");
    }
    const shown = signs.read(line);
    for (const sign of shown.signs) onSign(sign);
    if (shown.words !== undefined) onWords(shown.words);
    if (shown.usage !== undefined) onEvent({ kind: "usage", usage: shown.usage });
    if (shown.result !== undefined) onResult(shown.result);
  };
  const lines = createLineSplitter();
  const read = (text: string) => {
    const line = parseJsonLine(text);
    if (line === undefined) return;
    hooks.take(line);
    take(line);
  };
  stdout.setEncoding("utf8").on("data", (part: string) => lines.push(part).forEach(read));
  stdout.once("close", () => hooks.end());

  return {
    route: "stream-json",
    whenReady,
    carriesHooks,
    async say(text) {
      await write(stdin, { type: "user", message: { role: "user", content: text } });
      return "queued";
    },
    async interrupt() {
      const request_id = createId();
      const { promise, resolve } = Promise.withResolvers<boolean>();
      interrupts.set(request_id, resolve);
      const timer = setTimeout(() => resolve(false), interruptWithinMs);
      const request = { type: "control_request", request_id, request: { subtype: "interrupt" } };
      // Not awaited, because a CLI that no longer reads its input never takes it.
      write(stdin, request).catch(() => resolve(false));
      try {
        return await promise;
      } finally {
        clearTimeout(timer);
        interrupts.delete(request_id);
      }
    },
  };
}

async function answerHook(pipes: SessionPipes, payload: unknown, signal: AbortSignal): Promise<unknown> {
  const hook = readHook(pipes, payload);
  return hook === undefined ? {} : claudeHooks.buildAnswer(hook, await pipes.onHook(hook, signal));
}

/** Undefined also for a hook that cannot be read: the CLI then goes on as if there were no hook. */
function readHook({ log }: SessionPipes, payload: unknown): Hook | undefined {
  try {
    return claudeHooks.read(payload);
  } catch (error) {
    log.warn(`a hook of the session's stream: ${messageOf(error)}`);
    return undefined;
  }
}

function write(stdin: Writable, message: object): Promise<void> {
  return new Promise((resolve, reject) => {
    stdin.write(`${JSON.stringify(message)}\n`, (error) => (error ? reject(error) : resolve()));
  });
}
