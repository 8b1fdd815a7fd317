// A loop of a test in this process: on a model server, with the official ACP client.
import type { ModelServerSettings } from "../../src/domain/model-server.ts";
import { silentLogger } from "../../src/log.ts";
import { type LoopOptions, startLoopAgent } from "../../src/loop/loop-agent.ts";
import { createModelClient } from "../../src/loop/model/model-client.ts";
import { type AcpTestClient, connectAcpClient, type PermissionAnswer, pipePair } from "./acp-client.ts";
import { type TempDir, tempDir } from "./temp-dir.ts";

export interface TestLoop extends AsyncDisposable {
  readonly client: AcpTestClient;
  readonly dir: TempDir;
  /** Resolves when the loop has ended. */
  readonly ended: Promise<void>;
  /** Closes the client's side, as a client does that ends. */
  hangUp(): void;
}

export type TestLoopOptions = {
  readonly server: ModelServerSettings;
  readonly answer?: PermissionAnswer;
  /** Where the session files are; default: below the loop's own folder. */
  readonly sessionsDir?: string;
  /** How long the server may send nothing. Default: a minute. */
  readonly silentMs?: number;
} & Partial<LoopOptions>;

/** The folder of the project is `dir.path`. */
export async function startTestLoop({
  server,
  answer,
  silentMs = 60_000,
  ...more
}: TestLoopOptions): Promise<TestLoop> {
  const dir = await tempDir();
  const pipes = pipePair();
  const loop = startLoopAgent({
    client: createModelClient(server, { firstMs: 500, awayMs: 2_000, busyMs: 10_000, silentMs }),
    ...{ instructions: "", maxSteps: 20, commandForm: "args", mode: "ask", version: "0" },
    env: { PATH: process.env.PATH },
    sessionsDir: dir.join(".sessions"),
    log: silentLogger,
    ...{
      stdin: pipes.agent.stdout as LoopOptions["stdin"],
      stdout: pipes.agent.stdin as LoopOptions["stdout"],
    },
    ...more,
  });
  const client = await connectAcpClient(pipes.client, answer);
  const hangUp = () => void pipes.client.stdin.end();
  return {
    ...{ client, dir, ended: loop.ended, hangUp },
    async [Symbol.asyncDispose]() {
      hangUp();
      await loop.ended;
      await client[Symbol.asyncDispose]();
      await dir[Symbol.asyncDispose]();
    },
  };
}
