// Starts a Codex only to ask it for the hash by which it would trust our hook. The server of a terminal needs this hash when it starts.
// Otherwise the terminal would ask its user about our hook, and write the answer into the user's own settings. Measured with 0.171.0.
import { CliaiError, messageOf } from "../../../domain/text/errors.ts";
import { silentLogger } from "../../../log.ts";
import type { AgentCli } from "../../agent-cli.ts";
import type { HookPlace } from "../../agent-launch.ts";
import { type LaunchedAgent, launchAgent } from "../../launch.ts";
import { type Trust, trustOf } from "../codex-hooks.ts";
import { createCodexClient } from "./codex-client.ts";
import { greet } from "./codex-thread.ts";
import { connectPipes } from "./codex-transport.ts";

/**
 * @param args the arguments of the app-server that is to trust our hook
 * @throws CliaiError `cli_missing`
 */
export async function probeTrust(
  cli: AgentCli,
  args: readonly string[],
  { cwd, hooks }: { readonly cwd: string; readonly hooks: HookPlace },
): Promise<Trust | undefined> {
  const run = crypto.randomUUID();
  const how = { isTerminal: false, isPiped: true, isBeside: true } as const;
  const probe = launchAgent({ cli, args, cwd, env: hooks.env, run, ...how });
  try {
    // Rejects by itself if the program cannot be started.
    const ended = probe.exitCode.then((code) => {
      throw new CliaiError("cli_missing", `it has ended with exit code ${code}`);
    });
    return trustOf(await Promise.race([listHooks(probe, cwd), ended]), hooks);
  } catch (cause) {
    if (cause instanceof CliaiError && cause.hint !== undefined) throw cause;
    throw new CliaiError(
      "cli_missing",
      `codex app-server cannot be asked about its hooks: ${messageOf(cause)}`,
      {
        hint: "check that it runs by itself: codex --version",
        cause,
      },
    );
  } finally {
    await probe.end();
  }
}

async function listHooks({ pipes }: LaunchedAgent, cwd: string): Promise<unknown> {
  if (pipes === undefined) throw new CliaiError("cli_missing", "it has no pipes");
  const nothing = () => undefined;
  const client = createCodexClient({
    ...{ onNotification: nothing, onRequest: nothing, log: silentLogger },
    send: (text) => transport.send(text),
  });
  const transport = connectPipes(pipes, { onMessage: client.take, onClose: client.end });
  await greet(client);
  return await client.call("hooks/list", { cwds: [cwd] });
}
