// A session with a real agent CLI that speaks ACP, offline, as its host opens it.
import { join } from "node:path";
import type { AgentCli } from "../../../src/agents/agent-cli.ts";
import type { PreparedCli } from "../../support/acp-clis.ts";
import { type TempDir, tempDir } from "../../support/temp-dir.ts";
import { type AnsweredLaunch, type OpenedCli, openCli } from "../opened-cli.ts";

export interface OpenedSession<Model> extends OpenedCli {
  readonly dir: TempDir;
  readonly work: string;
  readonly model: Model;
}

export interface OpenedSessionOptions extends AnsweredLaunch {
  /** Default: a new one, which ends with the session. */
  readonly dir?: TempDir;
}

/**
 * Opens sessions with one CLI.
 * @param startModel starts the scripted model server that the CLI asks
 */
export function sessionsOf<Script, Model extends AsyncDisposable>(
  cli: AgentCli,
  startModel: (script: Script) => Promise<Model>,
  prepare: (dir: TempDir, model: Model) => Promise<PreparedCli>,
) {
  return async (script: Script, options: OpenedSessionOptions = {}): Promise<OpenedSession<Model>> => {
    await using parts = new AsyncDisposableStack();
    const dir = options.dir ?? parts.use(await tempDir());
    const model = parts.use(await startModel(script));
    const { work, env, bin } = await prepare(dir, model);
    const path = join(bin, cli.program);
    const opened = parts.use(await openCli({ ...options, cli, path, dir, work, env }));
    const running = parts.move();
    return { ...opened, dir, work, model, [Symbol.asyncDispose]: () => running.disposeAsync() };
  };
}
