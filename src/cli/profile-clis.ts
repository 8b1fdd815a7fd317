// Finds the agent CLIs that only profiles describe: those with `"cli": "acp:NAME"`.
import { isAcpName } from "../agents/acp/acp-profile.ts";
import type { AgentCli } from "../agents/agent-cli.ts";
import { findAgentCli } from "../agents/agent-clis.ts";
import { CliaiError } from "../domain/text/errors.ts";
import { loadConfig } from "./frame/config-file.ts";
import type { CliContext } from "./frame/context.ts";
import { profileReader } from "./spawn/profile.ts";

/**
 * The CLIs of the profiles that count in the current directory, each once. A profile or a file that is wrong is left out: `cliai profiles`
 * and `cliai doctor` say what is wrong with it.
 */
export async function clisOfProfiles(dataDir: string, context: CliContext): Promise<AgentCli[]> {
  const profiles = await unlessWrong(context, async () => {
    const read = profileReader(await loadConfig(undefined, context), dataDir);
    return (await read(context.cwd)).list();
  });
  const clis = new Map<string, AgentCli>();
  for (const { found } of profiles ?? []) {
    const { cli, acp } = found?.profile ?? {};
    if (cli === undefined || !isAcpName(cli) || acp === undefined) continue;
    const described = await unlessWrong(context, () => findAgentCli(cli, acp));
    if (described !== undefined) clis.set(JSON.stringify([cli, acp]), described);
  }
  return [...clis.values()];
}

async function unlessWrong<Value>(
  { log }: Pick<CliContext, "log">,
  read: () => Value | Promise<Value>,
): Promise<Value | undefined> {
  try {
    return await read();
  } catch (error) {
    if (!(error instanceof CliaiError)) throw error;
    log.debug(`the profiles: ${error.message}`);
    return undefined;
  }
}
