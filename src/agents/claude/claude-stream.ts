// Runs Claude Code without a terminal: it reads messages, and writes what it does, as lines of JSON. Measured with 2.1.330.
import type { Writable } from "node:stream";
import * as v from "valibot";
import { createLineSplitter } from "../../domain/text/lines.ts";
import { parseJsonLine } from "../../domain/wire/decode.ts";
import type { HeadlessCli, HeadlessPipes, HeadlessSession } from "../agent-cli.ts";
import { claudeAbilities } from "./claude-abilities.ts";
import { createStreamHooks } from "./claude-stream-hooks.ts";
import { createStreamSigns } from "./claude-stream-signs.ts";

const interruptWithinMs = 2_000;

const ControlResponseSchema = v.looseObject({
  type: v.literal("control_response"),
  response: v.looseObject({ subtype: v.string(), request_id: v.string() }),
});

export const claudeStream: HeadlessCli = {
  args: [
    "-p",
    ...["--input-format", "stream-json", "--output-format", "stream-json"],
    ...["--verbose", "--replay-user-messages"],
  ],
  open: openStream,
};

function openStream(pipes: HeadlessPipes): HeadlessSession {
  const { stdin, stdout, onEvent, onSign, onResult, onHook, onToolResult, onWords } = pipes;
  const createId = () => crypto.randomUUID();
  const interrupts = new Map<string, (isDone: boolean) => void>();
  const signs = createStreamSigns();
  // Ignored, because a write to a closed input rejects by itself, and the process's end is noticed elsewhere.
  stdin.on("error", () => undefined);
  const hooks = createStreamHooks({
    ...{ onHook, onToolResult, createId },
    write: (line) => write(stdin, line),
  });
  const { version, holdS } = pipes.hooks;
  const carriesHooks = claudeAbilities(version).streamHooks;
  const whenHooked = carriesHooks ? hooks.register(holdS) : Promise.resolve();

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
    whenHooked,
    carriesHooks,
    say: (text) => write(stdin, { type: "user", message: { role: "user", content: text } }),
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

function write(stdin: Writable, message: object): Promise<void> {
  return new Promise((resolve, reject) => {
    stdin.write(`${JSON.stringify(message)}\n`, (error) => (error ? reject(error) : resolve()));
  });
}
