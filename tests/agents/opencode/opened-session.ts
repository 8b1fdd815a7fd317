// A session on the real OpenCode, offline, as its host opens it.
import { opencode } from "../../../src/agents/opencode/opencode.ts";
import { type ChatScript, type ChatServer, startOpenaiChatServer } from "../../support/openai-chat-server.ts";
import { opencodePath, prepareOpencode } from "../../support/opencode-cli.ts";
import { type TempDir, tempDir } from "../../support/temp-dir.ts";
import { type AnsweredLaunch, type OpenedCli, openCli } from "../opened-cli.ts";

export interface OpenedSession extends OpenedCli {
  readonly dir: TempDir;
  readonly work: string;
  readonly model: ChatServer;
}

export interface OpenedSessionOptions extends AnsweredLaunch {
  readonly script?: ChatScript;
  /** The user's own configuration of OpenCode. */
  readonly config?: Readonly<Record<string, unknown>>;
  /** Default: a new one, which ends with the session. */
  readonly dir?: TempDir;
  /** The name of the folder in which it works. Default `work`. */
  readonly folder?: string;
}

export async function openSession(options: OpenedSessionOptions = {}): Promise<OpenedSession> {
  await using parts = new AsyncDisposableStack();
  const dir = options.dir ?? parts.use(await tempDir());
  const model = parts.use(await startOpenaiChatServer(options.script));
  const { work, env } = await prepareOpencode(dir, model, options);
  const opened = parts.use(
    await openCli({ ...options, cli: opencode, path: opencodePath(), dir, work, env }),
  );
  const running = parts.move();
  return { ...opened, dir, work, model, [Symbol.asyncDispose]: () => running.disposeAsync() };
}
