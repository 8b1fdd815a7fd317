// This room is `cliai attach`: the terminal of an agent, on the terminal of whoever asks. Only the screen that the agent's host keeps is drawn.

import type { KeysAnswer } from "../../domain/screen/screen-messages.ts";
import { CliaiError } from "../../domain/text/errors.ts";
import type { AgentId } from "../../domain/wire/agent-id.ts";
import type { Bus } from "../../nats/bus.ts";
import { type ScreenViewer, watchScreen } from "../../server/screens/screen-viewer.ts";
import { atMost } from "../../waiting.ts";
import { clientArgs, withClient } from "../fleet/client.ts";
import { createFleetReader, viewOf } from "../fleet/fleet-reading.ts";
import { defineCliCommand } from "../frame/command.ts";
import { type CliContext, operatorOf } from "../frame/context.ts";
import { hasTerminal } from "../frame/has-terminal.ts";
import { openFullScreen, type ScreenSize } from "../screen/full-screen.ts";
import { attachRows, roomFor } from "./attach-rows.ts";
import { createPasteFilter } from "./pasted.ts";
import { type AttachEvent, type DetachKey, firstAttachState, reduceAttach } from "./state.ts";

const firstScreenWithinMs = 5_000;
const answerWithinMs = 3_000;
const drawEveryMs = 50;
const silentAfterMs = 10_000;
const lookEveryMs = 1_000;

export const attachCommand = defineCliCommand({
  name: "attach",
  example: "cliai attach ada (cliai ls lists the agents)",
  description:
    "see the terminal of an agent on this one, and type there; ctrl-\\ leaves, and the agent goes on",
  args: {
    agent: { type: "positional", required: true, description: "id of the agent" },
    "read-only": { type: "boolean", description: "only look: no key reaches the agent" },
    "detach-key": {
      type: "string",
      valueHint: "ctrl-X",
      description: "leave with this key instead of ctrl-\\: ctrl- and a letter, or one of \\ ] ^ _",
    },
    ...clientArgs,
  },
  run: async (args, context) => {
    const detachKey = readDetachKey(args["detach-key"]);
    checkTerminal(args.agent, context);
    return await withClient(args, context, async (bus, parts) => {
      const id = await requireTerminal(bus, args.agent, context);
      return await attach({ bus, parts, id, detachKey, isReadOnly: args["read-only"] === true }, context);
    });
  },
});

const defaultDetachKey: DetachKey = { byte: "\u001c", name: "ctrl-\\" };

/**
 * For a command that has a screen itself, and has closed it meanwhile. Resolves when the person has left the terminal.
 * @throws CliaiError as `cliai attach`
 */
export async function attachHere(
  { bus, parts: outer }: Pick<Attachment, "bus" | "parts">,
  text: string,
  context: CliContext,
): Promise<void> {
  const id = await requireTerminal(bus, text, context);
  // Also ended with the command, because it may be told to end meanwhile.
  const parts = outer.use(new AsyncDisposableStack());
  try {
    await attach({ bus, parts, id, detachKey: defaultDetachKey, isReadOnly: false }, context);
  } finally {
    await parts.disposeAsync();
  }
}

/** @throws CliaiError `usage` */
export function readDetachKey(text: string | undefined): DetachKey {
  if (text === undefined) return defaultDetachKey;
  const [, key = ""] = /^(?:ctrl-|\^)([a-zA-Z\\\]^_])$/i.exec(text) ?? [];
  // Ctrl with these is Tab or Enter, and Ctrl-[ is Escape: no terminal can tell them apart.
  if (key === "" || /[ijm]/i.test(key)) {
    throw new CliaiError("usage", `--detach-key "${text}" is no key with which one can leave`, {
      hint: "--detach-key ctrl-] for example; ctrl-i, ctrl-j and ctrl-m are Tab and Enter",
    });
  }
  return {
    byte: String.fromCharCode(key.toUpperCase().charCodeAt(0) & 31),
    name: `ctrl-${key.toLowerCase()}`,
  };
}

function checkTerminal(id: string, { json, env }: CliContext): void {
  const why = json
    ? "--json has none"
    : hasTerminal()
      ? env.TERM === "dumb"
        ? "TERM is dumb"
        : undefined
      : "there is none";
  if (why === undefined) return;
  throw new CliaiError("usage", `attach needs a terminal, and ${why}`, { hint: `cliai log ${id} --follow` });
}

/** @throws CliaiError `refused` if the agent has no terminal to see */
async function requireTerminal(bus: Bus, text: string, context: CliContext): Promise<AgentId> {
  const { agent_id: id, heartbeat, axes } = viewOf(await createFleetReader(bus, context).require(text));
  if (heartbeat?.session_mode === "headless") {
    throw new CliaiError("refused", `${id} runs without a terminal`, {
      hint: `cliai log ${id} --follow prints what it does`,
    });
  }
  if (axes.link.value === "offline" || axes.link.value === "never") {
    throw new CliaiError("refused", `${id} does not run, so it has no terminal`, {
      hint: `start it again, on this terminal: cliai resume ${id} --terminal`,
    });
  }
  return id;
}

interface Attachment {
  readonly bus: Bus;
  readonly parts: AsyncDisposableStack;
  readonly id: AgentId;
  readonly detachKey: DetachKey;
  readonly isReadOnly: boolean;
}

async function attach(
  { bus, parts, id, detachKey, isReadOnly }: Attachment,
  context: CliContext,
): Promise<number> {
  const ended = Promise.withResolvers<string | undefined>();
  const viewer = crypto.randomUUID();
  const first = Promise.withResolvers<void>();
  let state = firstAttachState({ id, viewer, isReadOnly, detachKey });
  let size: ScreenSize = { columns: 80, rows: 24 };
  let draw: () => void = () => undefined;
  let unanswered: NodeJS.Timeout | undefined;
  const take = (event: AttachEvent) => {
    const step = reduceAttach(state, event);
    state = step.state;
    for (const effect of step.effects) {
      if (effect.type === "detach") ended.resolve(undefined);
      else if (effect.type === "older") watched.askOlder(effect.from, effect.count);
      else send(effect);
    }
    draw();
  };
  const send = ({ act, keys, over }: Pick<Parameters<ScreenViewer["send"]>[0], "act" | "keys" | "over">) => {
    const room = act === "take" ? roomFor(size) : {};
    watched.send({
      name: operatorOf(context),
      act,
      ...room,
      ...(keys !== undefined && { keys }),
      ...(over && { over }),
    });
    if (act === "take") unanswered ??= setTimeout(() => takeLate(), answerWithinMs);
  };
  const takeLate = () => {
    unanswered = undefined;
    take({ type: "unanswered" });
  };
  const takeAnswer = (answer: KeysAnswer) => {
    clearTimeout(unanswered);
    unanswered = undefined;
    take({ type: "answer", answer });
  };
  const watched = watchScreen(bus, {
    ...{ id, viewer, log: context.log, onAnswer: takeAnswer },
    onScreen(screen) {
      first.resolve();
      take({ type: "screen", screen });
    },
    onEnd: () => ended.resolve(`${id} has ended`),
    onOlder: (rows) => take({ type: "older", rows }),
  });
  parts.defer(() => watched.stop());
  parts.defer(() => clearTimeout(unanswered));
  await requireScreen(id, watched, first.promise);

  const decoder = new TextDecoder();
  const withoutControls = createPasteFilter();
  const screen = openFullScreen({
    ...{ stdin: context.stdin, stdout: context.stdout },
    onInput(data) {
      take({ type: "trouble", trouble: troubleOf(bus, watched) });
      const text = withoutControls(decoder.decode(data, { stream: true }));
      take({ type: "input", text, height: roomFor(size).rows });
    },
    onRedraw() {
      size = screen.size();
      if (state.role === "typing") send({ act: "take" });
      draw();
    },
    onEnd: () => ended.reject(new CliaiError("interrupted", "interrupted")),
  });
  parts.defer(() => screen.close());
  size = screen.size();
  let timer: NodeJS.Timeout | undefined;
  draw = () => {
    timer ??= setTimeout(() => {
      timer = undefined;
      screen.draw(attachRows(state, size, context.color));
    }, drawEveryMs);
  };
  parts.defer(() => clearTimeout(timer));
  const looking = setInterval(() => take({ type: "trouble", trouble: troubleOf(bus, watched) }), lookEveryMs);
  parts.defer(() => clearInterval(looking));
  if (!isReadOnly) send({ act: "take" });
  draw();
  const why = await ended.promise;
  screen.close();
  if (state.role === "typing") watched.send({ name: operatorOf(context), act: "leave" });
  context.note(why ?? `left; ${id} goes on. To come back: cliai attach ${id}`);
  return 0;
}

async function requireScreen(id: AgentId, watched: ScreenViewer, first: Promise<void>): Promise<void> {
  await atMost(firstScreenWithinMs, first);
  if (watched.screen() !== undefined) return;
  throw new CliaiError("no_terminal", `no host shows the terminal of ${id}`, {
    hint: `its host may be of an older version, or on Windows; what it does: cliai log ${id} --follow`,
  });
}

function troubleOf(bus: Bus, watched: ScreenViewer): string | undefined {
  if (!bus.isConnected()) return "the connection to the server is lost: keys are not sent";
  const silentMs = performance.now() - (watched.heardAtMs() ?? 0);
  if (silentMs < silentAfterMs) return undefined;
  return `no word from its host for ${Math.round(silentMs / 1_000)} s: keys are not sent`;
}
