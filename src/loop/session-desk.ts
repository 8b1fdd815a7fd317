// The sessions that an ACP client has opened: new ones, those that it resumes from the disk, and their ends.
import { stat } from "node:fs/promises";
import { isAbsolute } from "node:path";
import {
  type AgentContext,
  type McpServer,
  RequestError,
  type SessionModeState,
} from "@agentclientprotocol/sdk";
import { type ClientFacts, createSessionOut, replay } from "./acp-updates.ts";
import { type LoopSession, type LoopSettings, startSession } from "./loop-session.ts";
import { type PermissionMode, permissionModeNames, permissionModes } from "./permission.ts";
import { openSessionFolder, type SessionFile, type SessionHead, type StoredSession } from "./session-file.ts";
import type { McpServerPlace } from "./tools/mcp-tools.ts";

export interface SessionDeskOptions extends LoopSettings {
  /** The folder of the sessions' files. */
  readonly sessionsDir: string;
  /** The mode in which a session begins. */
  readonly mode: PermissionMode;
}

export interface OpenedSession {
  readonly sessionId: string;
  readonly modes: SessionModeState;
}

export interface AskedSession {
  readonly cwd: string;
  readonly mcpServers?: readonly McpServer[];
}

export interface SessionDesk extends AsyncDisposable {
  /** What the client has said of itself; counts for the sessions that are opened from now on. */
  meet(client: ClientFacts): void;
  create(asked: AskedSession, client: AgentContext): Promise<OpenedSession>;
  /**
   * Goes on with a session from the disk.
   * @param isShown whether the client is told again what was said
   */
  resume(
    asked: AskedSession & { readonly sessionId: string },
    client: AgentContext,
    isShown: boolean,
  ): Promise<OpenedSession>;
  list(
    cwd: string | null | undefined,
  ): Promise<readonly (SessionHead & { updatedAt: string; title: string })[]>;
  /** @throws RequestError if there is no such session */
  find(sessionId: string): LoopSession;
  close(sessionId: string): Promise<void>;
}

/** ACP's code for a session or another thing that does not exist. */
const notFound = -32_002;

export function createSessionDesk(options: SessionDeskOptions): SessionDesk {
  const { sessionsDir, log } = options;
  const sessions = new Map<string, LoopSession>();
  const opening = new Set<Promise<unknown>>();
  const over = new AbortController();
  const folder = openSessionFolder(sessionsDir, log.error);
  let facts: ClientFacts = { isHost: false, hasNotices: false };
  const find = (sessionId: string) => {
    const session = sessions.get(sessionId);
    if (session === undefined) throw new RequestError(notFound, `Session not found: ${sessionId}`);
    return session;
  };

  async function open(
    stored: StoredSession,
    { mcpServers = [] }: AskedSession,
    openFile: () => SessionFile | Promise<SessionFile>,
    client: AgentContext,
  ): Promise<OpenedSession> {
    const { sessionId, cwd, messages: earlier } = stored;
    const servers = mcpServers.map(stdioServer);
    const before = sessions.get(sessionId);
    sessions.delete(sessionId);
    await before?.[Symbol.asyncDispose]();
    const out = createSessionOut(client, { ...facts, sessionId }, () => log.debug("the client has gone"));
    const place = { cwd, servers, file: await openFile(), earlier, mode: options.mode, out };
    const started = startSession({ ...place, over: over.signal }, options).then((session) => {
      sessions.set(sessionId, session);
      return session;
    });
    opening.add(started);
    const session = await started.finally(() => opening.delete(started));
    return { sessionId, modes: modesOf(session) };
  }

  return {
    find,
    meet(client) {
      facts = client;
    },
    async create(asked, client) {
      await checkFolder(asked.cwd);
      const head = { sessionId: crypto.randomUUID(), cwd: asked.cwd };
      return await open({ ...head, messages: [] }, asked, () => folder.create(head), client);
    },
    async resume(asked, client, isShown) {
      const { sessionId, cwd } = asked;
      await checkFolder(cwd);
      const { messages } = await folder.read(sessionId).catch((cause: Error) => {
        throw new RequestError(notFound, `Session not found: ${cause.message}`, { sessionId });
      });
      const stored = { sessionId, cwd, messages };
      const opened = await open(stored, asked, () => folder.open(sessionId), client);
      if (isShown) await replay(messages, client, sessionId);
      return opened;
    },
    async list(wanted) {
      const stored = (await folder.list()).filter(({ cwd }) => wanted == null || cwd === wanted);
      return stored.map(({ updatedAt, ...rest }) => ({ ...rest, updatedAt: updatedAt.toISOString() }));
    },
    async close(sessionId) {
      await find(sessionId)[Symbol.asyncDispose]();
      sessions.delete(sessionId);
    },
    async [Symbol.asyncDispose]() {
      over.abort(new Error("the client has gone"));
      await Promise.allSettled(opening);
      await Promise.all([...sessions.values()].map((session) => session[Symbol.asyncDispose]()));
    },
  };
}

function modesOf({ mode }: LoopSession): SessionModeState {
  return {
    currentModeId: mode,
    availableModes: permissionModeNames.map((id) => ({ id, name: id, description: permissionModes[id] })),
  };
}

async function checkFolder(cwd: string): Promise<void> {
  const stats = isAbsolute(cwd) ? await stat(cwd).catch(() => undefined) : undefined;
  if (stats?.isDirectory() === true) return;
  throw RequestError.invalidParams(
    { cwd },
    `cwd must be the absolute path of a folder, not ${JSON.stringify(cwd)}`,
  );
}

function stdioServer(server: McpServer): McpServerPlace {
  if (!("command" in server)) {
    throw RequestError.invalidParams({ name: server.name }, "only MCP servers over stdio are known");
  }
  const { name, command, args, env } = server;
  return { name, command, args, env: Object.fromEntries(env.map((each) => [each.name, each.value])) };
}
