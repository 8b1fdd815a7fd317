// The live session of an agent that speaks ACP: opened over its pipes, spoken to by prompts, heard by its updates and its requests.
import * as v from "valibot";
import packageJson from "../../../package.json" with { type: "json" };
import { CliaiError } from "../../domain/text/errors.ts";
import { atMost, pause } from "../../waiting.ts";
import type { LiveSession, SessionPipes } from "../live-session.ts";
import { createAcpAsking } from "./acp-asking.ts";
import { createAcpCalls } from "./acp-calls.ts";
import { type AcpConnection, AcpError, type AcpHandlers, connectAcp } from "./acp-connection.ts";
import { describeFailure } from "./acp-failures.ts";
import {
  type AcpOpened,
  InitializedSchema,
  NewSessionSchema,
  OpenedSchema,
  PromptAnswerSchema,
  readPermission,
  readUpdate,
} from "./acp-messages.ts";
import type { AcpRow } from "./acp-row.ts";
import { createAcpSteering } from "./acp-steering.ts";
import { ownServer } from "./acp-tools.ts";
import { type AcpTurns, createAcpTurns } from "./acp-turns.ts";
import { createAcpUsage } from "./acp-usage.ts";

const protocolVersion = 1;
/** A cold start of such an agent on a busy machine takes up to 12 s. A new session may wait for the user's own MCP servers. */
const answersWithinMs = 180_000;
/** Less than `tellWithinMs`, the time that the host gives a stop. */
const interruptWithinMs = 2_500;
/** If a loaded session has sent no update for so long, its whole history has come. Some of it comes after the answer to `session/load`. */
const quietMs = 300;
const quietWithinMs = 5_000;
const endNoticedWithinMs = 500;
const invalidParams = -32602;
const notFound = -32002;
const unknownWords = /not found|unknown session|no previous sessions|invalid session/i;

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
      if (opened === undefined) return false;
      const { connection, session, turns } = opened;
      await connection.notify("session/cancel", { sessionId: session });
      let isOver = false;
      const over = turns.cutOff().then(() => {
        isOver = true;
      });
      await atMost(interruptWithinMs, over);
      return isOver;
    },
  };
}

/** The agent's own words for why it opens no session, such as that nobody is logged in. */
function notOpened(cause: AcpError, { name, program }: AcpRow): CliaiError {
  const { error, text } = describeFailure(cause);
  return new CliaiError("cli_missing", `${name} cannot begin a session: ${text}`, {
    hint:
      error === "authentication"
        ? `log in with the CLI once: ${program}`
        : `check that it runs by itself: ${program}`,
    cause,
  });
}

async function openSession(pipes: SessionPipes, row: AcpRow): Promise<Opened> {
  const { launch } = pipes;
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
  const ask: AcpConnection["request"] = (method, params) =>
    answered(row, method, connection.request(method, params));
  await initialize(ask, row, launch.isResumed === true);
  const found =
    launch.isResumed === true ? await loadSession(ask, row, launch) : await newSession(ask, row, launch);
  const untilMs = performance.now() + quietWithinMs;
  while (found.isLoaded && performance.now() - lastUpdateMs < quietMs && performance.now() < untilMs) {
    await pause(quietMs);
  }
  const { turns, handlers } = createParts(pipes, row, connection, found);
  hear = handlers;
  pipes.onSession(found.session);
  return { connection, session: found.session, turns };
}

interface Found {
  readonly session: string;
  readonly isLoaded: boolean;
  readonly opened: AcpOpened;
}

/** Makes the parts that hear the open session and speak to it. */
function createParts(
  pipes: SessionPipes,
  row: AcpRow,
  connection: AcpConnection,
  { session, isLoaded, opened }: Found,
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

/** @throws CliaiError `cli_missing` if cliai cannot talk to this agent */
async function initialize(
  ask: AcpConnection["request"],
  { name }: AcpRow,
  isResumed: boolean,
): Promise<void> {
  const answer = await ask("initialize", {
    protocolVersion,
    clientCapabilities: {
      ...{ fs: { readTextFile: false, writeTextFile: false }, terminal: false },
      session: { notices: {} },
    },
    clientInfo: { name: "cliai", version: packageJson.version },
  });
  const read = v.safeParse(InitializedSchema, answer);
  const version = read.success ? read.output.protocolVersion : undefined;
  if (version !== protocolVersion) {
    throw new CliaiError(
      "cli_missing",
      `${name} speaks version ${version} of ACP; cliai speaks ${protocolVersion}`,
      {
        hint: `install another release of ${name}`,
      },
    );
  }
  if (isResumed && read.success && !read.output.agentCapabilities.loadSession) {
    throw new CliaiError("failed", `${name} cannot resume a session`, { hint: "start it without --resume" });
  }
}

type Place = SessionPipes["launch"];

async function newSession(ask: AcpConnection["request"], row: AcpRow, launch: Place): Promise<Found> {
  const answer = await ask("session/new", placeOf(row, launch));
  const { sessionId: session } = v.parse(NewSessionSchema, answer);
  return { session, isLoaded: false, opened: v.parse(OpenedSchema, answer) };
}

/** @throws CliaiError `session_gone`: `NAME does not know the session "ID": Session not found`; `failed` */
async function loadSession(ask: AcpConnection["request"], row: AcpRow, launch: Place): Promise<Found> {
  const { sessionId } = launch;
  try {
    const answer = await ask("session/load", { sessionId, ...placeOf(row, launch) });
    return { session: sessionId, isLoaded: true, opened: v.parse(OpenedSchema, answer ?? {}) };
  } catch (cause) {
    if (!(cause instanceof AcpError)) throw cause;
    const { text } = describeFailure(cause);
    const isUnknown = [notFound, invalidParams].includes(cause.code) || unknownWords.test(text);
    const why = isUnknown ? sessionGone : text;
    const code = isUnknown ? "session_gone" : "failed";
    throw new CliaiError(code, `${row.name} does not know the session "${sessionId}": ${why}`, {
      hint: "without --resume it begins a new one",
      cause,
    });
  }
}

/** The error has these words, by which `isSessionGone` knows that a new session has to be begun. */
export const sessionGone = "Session not found";

function placeOf({ isServerPrepared = false }: AcpRow, { cwd, mcpServer }: Place): object {
  const { command, args, env } = mcpServer;
  const variables = Object.entries(env).map(([name, value]) => ({ name, value }));
  return { cwd, mcpServers: isServerPrepared ? [] : [{ name: ownServer, command, args, env: variables }] };
}

/** @throws CliaiError `cli_missing` if there is no answer in time; AcpError */
async function answered(
  { name, program }: AcpRow,
  method: string,
  answer: Promise<unknown>,
): Promise<unknown> {
  const isOver = new AbortController();
  const late = pause(answersWithinMs, isOver.signal).then(() => {
    if (isOver.signal.aborted) return undefined;
    const why = `${name} has not answered ${method} within ${answersWithinMs / 1_000} s`;
    throw new CliaiError("cli_missing", why, { hint: `check that it runs by itself: ${program}` });
  });
  try {
    return await Promise.race([answer, late]);
  } finally {
    isOver.abort();
  }
}
