// This room opens the session of an agent that speaks ACP: its connection, and the requests until the session is there.
//
// The requests that open a session: `initialize`, and then `session/new` or `session/load`.
import * as v from "valibot";
import packageJson from "../../../../package.json" with { type: "json" };
import { CliaiError } from "../../../domain/text/errors.ts";
import { pause } from "../../../waiting.ts";
import type { SessionPipes } from "../../live-session.ts";
import { describeFailure } from "../acp-failures.ts";
import { type AcpOpened, InitializedSchema, NewSessionSchema, OpenedSchema } from "../acp-messages.ts";
import type { AcpRow } from "../acp-row.ts";
import { ownServer } from "../acp-tools.ts";
import { type AcpConnection, AcpError } from "./acp-connection.ts";

const protocolVersion = 1;
/** A cold start of such an agent on a busy machine takes up to 12 s. A new session may wait for the user's own MCP servers. */
const answersWithinMs = 180_000;
const invalidParams = -32602;
const notFound = -32002;
const unknownWords = /not found|unknown session|no previous sessions|invalid session/i;

export interface FoundSession {
  readonly session: string;
  readonly isLoaded: boolean;
  readonly opened: AcpOpened;
}

/**
 * Makes the session, or loads the one to resume.
 * @throws CliaiError `cli_missing`, `session_gone`, `failed`; AcpError
 */
export async function findSession(
  connection: Pick<AcpConnection, "request">,
  row: AcpRow,
  launch: Place,
): Promise<FoundSession> {
  const ask: AcpConnection["request"] = (method, params) =>
    answered(row, method, connection.request(method, params));
  const isResumed = launch.isResumed === true;
  await initialize(ask, row, isResumed);
  return isResumed ? await loadSession(ask, row, launch) : await newSession(ask, row, launch);
}

/** The agent's own words for why it opens no session, such as that nobody is logged in. */
export function notOpened(cause: AcpError, { name, program }: AcpRow): CliaiError {
  const { error, text } = describeFailure(cause);
  return new CliaiError("cli_missing", `${name} cannot begin a session: ${text}`, {
    hint:
      error === "authentication"
        ? `log in with the CLI once: ${program}`
        : `check that it runs by itself: ${program}`,
    cause,
  });
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

async function newSession(ask: AcpConnection["request"], row: AcpRow, launch: Place): Promise<FoundSession> {
  const answer = await ask("session/new", placeOf(row, launch));
  const { sessionId: session } = v.parse(NewSessionSchema, answer);
  return { session, isLoaded: false, opened: v.parse(OpenedSchema, answer) };
}

/** @throws CliaiError `session_gone`: `NAME does not know the session "ID": Session not found`; `failed` */
async function loadSession(ask: AcpConnection["request"], row: AcpRow, launch: Place): Promise<FoundSession> {
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
