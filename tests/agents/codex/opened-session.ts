// A session on the real Codex, offline, as its host opens it.
import { writeFile } from "node:fs/promises";
import { codex } from "../../../src/agents/codex/codex.ts";
import { codexPath, type PrepareCodexOptions, prepareCodex } from "../../support/codex-cli.ts";
import {
  type ResponsesScript,
  type ResponsesServer,
  startOpenaiResponsesServer,
} from "../../support/openai-responses-server.ts";
import { type TempDir, tempDir } from "../../support/temp-dir.ts";
import { type AnsweredLaunch, type OpenedCli, openCli } from "../opened-cli.ts";

export interface OpenedSession extends OpenedCli {
  readonly dir: TempDir;
  readonly work: string;
  readonly model: ResponsesServer;
}

export interface OpenedSessionOptions extends AnsweredLaunch, PrepareCodexOptions {
  readonly script?: ResponsesScript;
  /** Default: a new one, which ends with the session. */
  readonly dir?: TempDir;
}

/** What `cliai hook` does, in a small script: each start of cliai from its source would take a second. */
const hookScript = `
const [, , url] = process.argv;
let body = "";
for await (const part of process.stdin) body += part;
const headers = { authorization: "Bearer the-token" };
const response = await fetch(url, { method: "POST", headers, body });
process.stdout.write(await response.text());
`;

/** Its commands run outside of Codex's sandbox, which not every machine can make. */
export async function openSession(options: OpenedSessionOptions = {}): Promise<OpenedSession> {
  await using parts = new AsyncDisposableStack();
  const dir = options.dir ?? parts.use(await tempDir());
  const model = parts.use(await startOpenaiResponsesServer(options.script));
  const { work, env } = await prepareCodex(dir, model, options);
  const script = dir.join("hook.mjs");
  await writeFile(script, hookScript);
  const opened = parts.use(
    await openCli({
      ...options,
      launch: { permissionMode: "danger-full-access", ...options.launch },
      ...{ cli: codex, path: codexPath(), dir, work, env },
      hooks: (url) => ({ holdS: 3_660, command: { command: process.execPath, args: [script, url] } }),
    }),
  );
  const running = parts.move();
  return { ...opened, dir, work, model, [Symbol.asyncDispose]: () => running.disposeAsync() };
}
