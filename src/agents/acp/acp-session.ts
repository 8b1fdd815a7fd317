// The live session of an agent that speaks ACP: opened over its pipes, spoken to by prompts, heard by its updates and its requests.
import * as v from "valibot";
import { CliaiError } from "../../domain/text/errors.ts";
import { atMost, pause } from "../../waiting.ts";
import type { LiveSession, SessionPipes } from "../live-session.ts";
import { createAcpAsking } from "./acp-asking.ts";
import { createAcpCalls } from "./acp-calls.ts";
import { PromptAnswerSchema, readPermission, readUpdate } from "./acp-messages.ts";
import type { AcpRow } from "./acp-row.ts";
import { createAcpSteering } from "./acp-steering.ts";
import { type AcpTurns, createAcpTurns } from "./acp-turns.ts";
import { createAcpUsage } from "./acp-usage.ts";
import { type AcpConnection, AcpError, type AcpHandlers, connectAcp } from "./opening/acp-connection.ts";
import { type FoundSession, findSession, notOpened } from "./opening/acp-opening.ts";

/** Less than `tellWithinMs`, the time that the host gives a stop. */
const interruptWithinMs = 2_500;
/** If a loaded session has sent no update for so long, its whole history has come. Some of it comes after the answer to `session/load`. */
const quietMs = 300;
const quietWithinMs = 5_000;
const endNoticedWithinMs = 500;

/** What is there once the session is open. */
interface Opened {
  readonly connection: AcpConnection;
  readonly session: string;
  readonly turns: AcpTurns;
}

export function openAcpSession(pipes: SessionPipes, row: AcpRow): LiveSession {
  const ended = new AbortController();
  pipes.stdout.once("close", () => ended.abort());
  let opened: Opened | undefined;
  const open = async () => {
    opened = await openSession(pipes, row);
  };
  const untilEnded = pause(Number.MAX_SAFE_INTEGER, ended.signal);
  const whenReady = Promise.race([open(), untilEnded]).catch(async (error: unknown) => {
    // An error that is not an answer of the agent may come from the agent's end, which is noticed a moment later.
    if (!(error instanceof AcpError)) await atMost(endNoticedWithinMs, untilEnded);
    if (!ended.signal.aborted) throw error instanceof AcpError ? notOpened(error, row) : error;
  });
  return {
    route: "acp",
    whenReady,
    carriesHooks: row.needsPerson !== undefined,
    holdsOnlyAsked: row.needsPerson === undefined,
    async say(text, id) {
      if (opened === undefined || ended.signal.aborted) {
        throw new CliaiError("failed", `the session of ${row.name} has ended`);
      }
      return await opened.turns.say({ text, id });
    },
    async interrupt() {
      if (opened === undefined || ended.signal.aborted) return false;
      const { connection, session, turns } = opened;
      // Resolves once the agent has read it. The turn is cut off all the same, because an agent that hangs reads nothing.
      const sent = connection.notify("session/cancel", { sessionId: session });
      let isOver = false;
      const over = turns.cutOff().then(() => {
        isOver = true;
      });
      // The second one rejects if the connection is over.
      await atMost(
        interruptWithinMs,
        over,
        sent.then(() => over),
      );
      return isOver;
    },
  };
}

async function openSession(pipes: SessionPipes, row: AcpRow): Promise<Opened> {
  let lastUpdateMs = performance.now();
  /** Until the session is open, its updates tell what was before, and the agent asks for nothing. */
  let hear: AcpHandlers = { onUpdate: () => undefined, onRequest: () => undefined };
  const connection = await connectAcp(pipes, {
    onUpdate(params) {
      lastUpdateMs = performance.now();
      hear.onUpdate(params);
    },
    onRequest: (method, params) => hear.onRequest(method, params),
  });
  const found = await findSession(connection, row, pipes.launch);
  const untilMs = performance.now() + quietWithinMs;
  while (found.isLoaded && performance.now() - lastUpdateMs < quietMs && performance.now() < untilMs) {
    await pause(quietMs);
  }
  const { turns, handlers } = createParts(pipes, row, connection, found);
  hear = handlers;
  pipes.onSession(found.session);
  return { connection, session: found.session, turns };
}

/** Makes the parts that hear the open session and speak to it. */
function createParts(
  pipes: SessionPipes,
  row: AcpRow,
  connection: AcpConnection,
  { session, isLoaded, opened }: FoundSession,
): { readonly turns: AcpTurns; readonly handlers: AcpHandlers } {
  const { launch, onHook, onUsage, observe, log } = pipes;
  const calls = createAcpCalls(row, observe);
  const usage = createAcpUsage(row, onUsage);
  usage.opened(opened);
  const asking = createAcpAsking({
    row,
    onHook,
    log,
    calls,
    onAsked: () => turns.noteAsked(),
    onRefused: (refusal) => turns.noteRefusal(refusal),
  });
  let instructions = isLoaded || row.hasInstructions === true ? "" : launch.instructions;
  const turns = createAcpTurns({
    ...{ ...pipes, row, calls, asking, usage, steering: createAcpSteering() },
    async prompt(text) {
      const prompt = [instructions, text].filter(Boolean).map((each) => ({ type: "text", text: each }));
      instructions = "";
      return v.parse(
        PromptAnswerSchema,
        await connection.request("session/prompt", { sessionId: session, prompt }),
      );
    },
  });
  return {
    turns,
    handlers: {
      onUpdate(params) {
        const update = readUpdate(params, session);
        if (update !== undefined) turns.takeUpdate(update);
      },
      onRequest(method, params) {
        if (method === row.steer) return Promise.resolve({ messages: turns.takeSteered() });
        const asked = method === "session/request_permission" ? readPermission(params) : undefined;
        return asked && asking.answer(asked);
      },
    },
  };
}
