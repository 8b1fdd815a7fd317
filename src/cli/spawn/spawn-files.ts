// Writes the files of one agent: its MCP configuration, and the files that its CLI needs before it starts.
import { join } from "node:path";
import * as v from "valibot";
import mcpTemplate from "../../../configs/mcp-nats.json" with { type: "json" };
import type { AgentLaunch, CliStart } from "../../agents/agent-launch.ts";
import { fillTemplate } from "../../agents/mcp-config.ts";
import { ensureOwnDir, ensurePrivateDir, writePrivateFile } from "../../data-dir/private-files.ts";
import { selfCommand } from "../../runtime.ts";
import type { SessionHost } from "./session-host/session-host.ts";
import type { SpawnPlan } from "./spawn-plan.ts";

/** The filled-in template. */
const McpConfigSchema = v.object({
  mcpServers: v.object({
    cliai: v.object({
      command: v.string(),
      args: v.array(v.string()),
      env: v.record(v.string(), v.string()),
    }),
  }),
});

export interface SpawnFiles {
  readonly files: readonly string[];
  readonly start: CliStart;
  readonly launch: AgentLaunch;
}

/** The folders and files are private, because they hold the agent's credentials and the token of its session's host. */
export async function writeSpawnFiles(plan: SpawnPlan, host: SessionHost | undefined): Promise<SpawnFiles> {
  const { id, name, role, cwd, dataDir, natsUrl, cli } = plan;
  const { path: credsPath, isMinted } = plan.credentials;
  await ensurePrivateDir(dataDir);
  await ensureOwnDir(join(dataDir, "agents"));
  await ensureOwnDir(plan.launch.dir);
  const values = {
    ...selfCommand(),
    ...{ agent_id: id, nats_url: natsUrl, nats_creds: credsPath, config_name: name, project_path: cwd, role },
    ...host?.bridgeEnv,
  };
  const { mcpConfigPath } = plan.launch;
  const mcpConfig = fillTemplate(mcpTemplate, values);
  await writePrivateFile(mcpConfigPath, `${JSON.stringify(mcpConfig, null, 2)}\n`);
  const launch = {
    ...plan.launch,
    mcpServer: v.parse(McpConfigSchema, mcpConfig).mcpServers.cliai,
    hooks: host?.hookPlace(mcpConfigPath),
    modelServer: plan.launch.modelServer && { ...plan.launch.modelServer, gate: host?.modelGate },
  };
  const start = await cli.prepare(launch);
  const files = [mcpConfigPath, ...(isMinted && credsPath !== undefined ? [credsPath] : [])];
  for (const { path, content } of start.files ?? []) {
    await writePrivateFile(path, content);
    files.push(path);
  }
  return { files, start, launch };
}
