// Writes the files of one agent: its MCP configuration, and the settings of its CLI.
import { join } from "node:path";
import mcpTemplate from "../../../configs/mcp-nats.json" with { type: "json" };
import { fillTemplate } from "../../agents/mcp-config.ts";
import { ensureOwnDir, ensurePrivateDir, writePrivateFile } from "../../data-dir/private-files.ts";
import { selfCommand } from "../../runtime.ts";
import type { SessionHost } from "./session-host.ts";
import type { SpawnPlan } from "./spawn-plan.ts";

/** The folders and files are private, because they hold the agent's credentials and the token of its session's host. */
export async function writeSpawnFiles(
  plan: SpawnPlan,
  host: SessionHost | undefined,
): Promise<{ readonly files: readonly string[]; readonly settingsPath?: string }> {
  const { id, name, role, cwd, dataDir, natsUrl, launch } = plan;
  const { path: credsPath, isMinted } = plan.credentials;
  const dir = join(dataDir, "agents", id);
  await ensurePrivateDir(dataDir);
  await ensureOwnDir(join(dataDir, "agents"));
  await ensureOwnDir(dir);
  const values = {
    ...selfCommand(),
    ...{ agent_id: id, nats_url: natsUrl, nats_creds: credsPath, config_name: name, project_path: cwd, role },
    ...host?.bridgeEnv,
  };
  await writeJson(launch.mcpConfigPath, fillTemplate(mcpTemplate, values));
  const files = [launch.mcpConfigPath, ...(isMinted && credsPath !== undefined ? [credsPath] : [])];
  const settings = host?.settings(launch.mcpConfigPath);
  if (settings === undefined) return { files };
  const settingsPath = join(dir, "settings.json");
  await writeJson(settingsPath, settings);
  return { files: [...files, settingsPath], settingsPath };
}

async function writeJson(path: string, value: unknown): Promise<void> {
  await writePrivateFile(path, `${JSON.stringify(value, null, 2)}\n`);
}
