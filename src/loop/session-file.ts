// Keeps a session on the disk, so that it can be resumed: a JSON value in each line, first the session's head, then each message as it comes.
import { appendFile, readdir, readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import * as v from "valibot";
import { ensurePrivateDir } from "../data-dir/private-files.ts";
import { CliaiError, messageOf } from "../domain/text/errors.ts";
import { parseJsonLine } from "../domain/wire/decode.ts";
import type { Message, ModelCall } from "./model/chat-messages.ts";

const HeadSchema = v.object({ type: v.literal("session"), session_id: v.string(), cwd: v.string() });
const CallSchema = v.object({ id: v.string(), name: v.string(), arguments: v.string() });
const MessageSchema = v.variant("role", [
  v.object({ role: v.literal("user"), content: v.string(), isPrompt: v.optional(v.boolean(), false) }),
  v.object({ role: v.literal("assistant"), content: v.string(), calls: v.optional(v.array(CallSchema)) }),
  v.object({
    ...{ role: v.literal("tool"), callId: v.string(), name: v.string(), content: v.string() },
    isError: v.optional(v.boolean()),
  }),
]);
const LineSchema = v.object({ type: v.literal("message"), message: MessageSchema });

export interface SessionHead {
  readonly sessionId: string;
  readonly cwd: string;
}

export interface StoredSession extends SessionHead {
  readonly messages: readonly Message[];
}

export interface SessionFile {
  /** Writes in the order of the calls. If a write fails, `onError` is told, and the session goes on. */
  add(message: Message): void;
  /** Resolves when all is written. */
  flush(): Promise<void>;
}

export interface SessionFolder {
  create(head: SessionHead): Promise<SessionFile>;
  /** Goes on writing the file of a session that was read. */
  open(sessionId: string): SessionFile;
  /** @throws CliaiError `config_invalid` if there is no such session, or its file cannot be read */
  read(sessionId: string): Promise<StoredSession>;
  /** The newest first. */
  list(): Promise<readonly (SessionHead & { readonly updatedAt: Date; readonly title: string })[]>;
}

export function openSessionFolder(dir: string, onError: (words: string) => void): SessionFolder {
  const pathOf = (sessionId: string) => join(dir, `${sessionId}.jsonl`);
  /** @param first the text that is written before the first message */
  const fileOf = (sessionId: string, first: string): SessionFile => {
    let written = Promise.resolve();
    const write = (text: string) => {
      written = written
        .then(() => appendFile(pathOf(sessionId), text, { mode: 0o600 }))
        .catch((error: unknown) => onError(`cannot keep the session: ${messageOf(error)}`));
    };
    write(first);
    return {
      // A failed write, or a killed process, may leave half a line. The line break before each message keeps the message apart from it.
      add: (message) => write(`\n${JSON.stringify({ type: "message", message })}`),
      flush: () => written,
    };
  };

  async function read(sessionId: string): Promise<StoredSession> {
    const unknown = (why: string, cause?: unknown) =>
      new CliaiError(
        "config_invalid",
        `no session ${JSON.stringify(sessionId)} to resume in ${dir}: ${why}`,
        {
          hint: "start a new one",
          cause,
        },
      );
    if (!/^[A-Za-z0-9-]+$/.test(sessionId)) throw unknown("that is not the id of a session");
    const text = await readFile(pathOf(sessionId), "utf8").catch((cause: unknown) => {
      throw unknown((cause as NodeJS.ErrnoException).code ?? messageOf(cause), cause);
    });
    const [first, ...lines] = text.split("\n").map(parseJsonLine);
    if (!v.is(HeadSchema, first)) throw unknown("its file does not begin with the head of a session");
    // A line that a killed process has left half written is left out.
    const messages = lines.flatMap((line) => (v.is(LineSchema, line) ? [line.message as Message] : []));
    return { sessionId: first.session_id, cwd: first.cwd, messages: whole(messages) };
  }

  return {
    async create({ sessionId, cwd }) {
      await ensurePrivateDir(dir);
      return fileOf(sessionId, JSON.stringify({ type: "session", session_id: sessionId, cwd }));
    },
    open: (sessionId) => fileOf(sessionId, ""),
    read,
    async list() {
      const names = (await readdir(dir).catch(() => [])).filter((name) => name.endsWith(".jsonl"));
      const sessions = await Promise.all(
        names.map(async (name) => {
          const stored = await read(name.slice(0, -".jsonl".length)).catch(() => undefined); // another program's file
          if (stored === undefined) return [];
          const { messages, ...head } = stored;
          const prompt = messages.find(({ role }) => role === "user")?.content ?? "";
          const updatedAt = (await stat(join(dir, name))).mtime;
          return [{ ...head, updatedAt, title: prompt.split("\n", 1)[0]?.slice(0, 80) ?? "" }];
        }),
      );
      return sessions.flat().sort((one, other) => other.updatedAt.getTime() - one.updatedAt.getTime());
    },
  };
}

/**
 * The messages as a server takes them. A killed process may leave calls without results: each gets one. A half-written line may leave results
 * without their call: these are left out. A result belongs to a call of the last answer, because some servers use the same ids in each answer.
 */
function whole(messages: readonly Message[]): readonly Message[] {
  const kept: Message[] = [];
  let open: readonly ModelCall[] = [];
  const close = () => {
    const content = "[This call was interrupted.]";
    for (const { id, name } of open) kept.push({ role: "tool", callId: id, name, content, isError: true });
    open = [];
  };
  for (const message of messages) {
    if (message.role !== "tool") {
      close();
      kept.push(message);
      open = message.role === "assistant" ? (message.calls ?? []) : [];
      continue;
    }
    const place = open.findIndex(({ id }) => id === message.callId);
    if (place === -1) continue;
    kept.push(message);
    open = open.toSpliced(place, 1);
  }
  close();
  return kept;
}
