// The two ways by which other programs speak with Qwen Code on a terminal. It reads a file (`--input-file`) every half second: texts, as if
// its user had written them, and answers to what it asks. It writes what it asks into a pipe (`qwen-events.ts`). A text goes into the queue
// of its prompt, from which an open dialog takes nothing. Measured with 0.24.4.
import { existsSync } from "node:fs";
import { appendFile } from "node:fs/promises";
import { join } from "node:path";
import { messageOf } from "../../domain/text/errors.ts";
import { jsonLine } from "../../domain/text/lines.ts";
import type { AgentLaunch } from "../agent-launch.ts";
import type { InputPlace, SessionInput } from "../live-session.ts";
import type { ScreenView } from "../terminal/terminal-screen.ts";
import { createQwenAsking } from "./qwen-asking.ts";
import { followPipe } from "./qwen-events.ts";

type Place = Pick<AgentLaunch, "dir">;

export function inputPath({ dir }: Place): string {
  return join(dir, "qwen-input.jsonl");
}

export function eventsPath({ dir }: Place): string {
  return join(dir, "qwen-events.pipe");
}

/**
 * Stands before each text. While Qwen Code's prompt is in its shell mode (`!`), Qwen Code runs each text as `bash -c "{ TEXT; }"`, even one
 * from the file. A text that begins with these words is no command: bash refuses the whole text, and runs none of its lines.
 */
const noCommand = "(cliai): ";

/** Why no text may be given now, if a line below the prompt says that Qwen Code is in its shell mode; undefined if none does. */
export function readShellMode({ rows }: ScreenView): string | undefined {
  const isOn = rows.some(({ text }) => text.trimStart().startsWith("shell mode enabled (esc to disable)"));
  return isOn ? "the prompt at its terminal is in shell mode, which Esc ends" : undefined;
}

export function openQwenInput({ launch, onHook, onEvent, log }: InputPlace): SessionInput {
  const ended = new AbortController();
  const write = (command: object) => appendFile(inputPath(launch), `${jsonLine(command)}\n`);
  const submit = (text: string) => write({ type: "submit", text: `${noCommand}${text}` });
  const path = eventsPath(launch);
  const tellsAsked = existsSync(path);
  if (tellsAsked) {
    const asking = createQwenAsking({ ...{ onHook, onEvent, log, submit }, confirm: write });
    followPipe(path, asking.take, ended.signal)
      .catch((error: unknown) => log.warn(`what Qwen Code asks cannot be read: ${messageOf(error)}`))
      .finally(asking.stop);
  }
  return { submit, tellsAsked, stop: () => ended.abort() };
}
