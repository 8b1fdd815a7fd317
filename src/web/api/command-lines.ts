// Runs a command of the terminal inside serve, for `cliai` on the same machine: what it prints is sent line by line, as JSON Lines.
import type { Hono } from "hono";
import { CliaiError } from "../../domain/text/errors.ts";
import { checkMessage, parseJson } from "../../domain/wire/decode.ts";
import type { AccessOptions } from "../access/access.ts";
import { whenVoid } from "../access/caller.ts";
import { type CommandLine, CommandLineSchema, type Printed } from "./command-line-schema.ts";
import { linesType } from "./reports/audit-lines.ts";

export interface CommandRunner {
  /**
   * Resolves when the command has ended. What it throws is printed, too.
   * @throws CliaiError at once: `refused` for a client that has to run it itself, `nats_unreachable` without NATS
   */
  start(line: CommandLine): (print: (printed: Printed) => void, signal: AbortSignal) => Promise<void>;
}

/** How often something is sent, so that the client knows that the command still runs. */
const aliveEveryMs = 2_000;

export function registerCommandLines(
  api: Hono,
  runner: CommandRunner | undefined,
  access: Pick<AccessOptions, "onRotated"> | undefined,
): void {
  api.post("/api/command-line", async (c) => {
    const line = checkMessage(CommandLineSchema, parseJson(await c.req.text()));
    if (runner === undefined) {
      throw new CliaiError("refused", "this server runs no commands", { hint: "run them in a terminal" });
    }
    const run = runner.start(line);
    return printedLines(run, c.req.raw.signal, whenVoid(c, access));
  });
}

function printedLines(
  run: ReturnType<CommandRunner["start"]>,
  clientGone: AbortSignal,
  onVoid: AccessOptions["onRotated"] | undefined,
): Response {
  const encoder = new TextEncoder();
  const gone = new AbortController();
  const end = () => gone.abort(new CliaiError("interrupted", "the client has gone"));
  clientGone.addEventListener("abort", end, { once: true });
  let finish = () => {};
  const body = new ReadableStream<Uint8Array>({
    start(controller) {
      const send = (text: string) => {
        if (!gone.signal.aborted) controller.enqueue(encoder.encode(text));
      };
      // An empty line at once: the client knows by it that serve has taken the command.
      send("\n");
      const alive = setInterval(() => send("\n"), aliveEveryMs);
      const forget = onVoid?.(end);
      finish = () => {
        clearInterval(alive);
        forget?.();
        clientGone.removeEventListener("abort", end);
      };
      const fail = (error: unknown) => {
        finish();
        controller.error(error);
      };
      const close = () => {
        if (gone.signal.aborted) return fail(gone.signal.reason);
        finish();
        controller.close();
      };
      run((printed) => send(`${JSON.stringify(printed)}\n`), gone.signal).then(close, fail);
    },
    cancel() {
      end();
      finish();
    },
  });
  return new Response(body, { headers: { "Content-Type": linesType, "Cache-Control": "no-store" } });
}
