// Asks a Codex that is started for this alone by which hash it would trust our hook. A terminal of Codex asks its user about every hook
// that its server does not trust from its start, and would write the answer into the user's own settings. Measured with 0.171.0.
import { spawn } from "node:child_process";
import { CliaiError, messageOf } from "../../../domain/text/errors.ts";
import { silentLogger } from "../../../log.ts";
import { endProcess } from "../../../processes/end-process.ts";
import type { HookPlace } from "../../agent-launch.ts";
import { type Trust, trustOf } from "../codex-hooks.ts";
import { createCodexClient } from "./codex-client.ts";
import { greet } from "./codex-thread.ts";
import { connectPipes } from "./codex-transport.ts";

/**
 * @param args of the app-server that the answer is for
 * @throws CliaiError `cli_missing`
 */
export async function probeTrust(
  program: string,
  args: readonly string[],
  { cwd, hooks }: { readonly cwd: string; readonly hooks: HookPlace },
): Promise<Trust | undefined> {
  const child = spawn(program, [...args], { cwd, env: hooks.env, stdio: ["pipe", "pipe", "ignore"] });
  const exited = new Promise<void>((resolve) => {
    child.once("exit", () => resolve()).once("error", () => resolve());
  });
  const nothing = () => undefined;
  const client = createCodexClient({
    ...{ onNotification: nothing, onRequest: nothing, log: silentLogger },
    send: (text) => transport.send(text),
  });
  const transport = connectPipes(child, { onMessage: client.take, onClose: client.end });
  try {
    await greet(client);
    return trustOf(await client.call("hooks/list", { cwds: [cwd] }), hooks);
  } catch (cause) {
    throw new CliaiError(
      "cli_missing",
      `codex app-server cannot be asked about its hooks: ${messageOf(cause)}`,
      {
        hint: "check that it runs by itself: codex --version",
        cause,
      },
    );
  } finally {
    await endProcess({
      terminate: () => child.kill("SIGTERM"),
      kill: () => child.kill("SIGKILL"),
      ended: exited,
    });
  }
}
