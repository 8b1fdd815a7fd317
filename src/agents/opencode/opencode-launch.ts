// How to start OpenCode for one agent without touching the user's own files. Its configuration is in the variable OPENCODE_CONFIG_CONTENT, which
// OpenCode merges over all other configuration, and in files of the agent's folder. Every command and every MCP server of the agent inherits
// the variable. So it has no secret: a secret is in a file, and the variable names the file. Measured with 1.18.33.
import { createHash } from "node:crypto";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { parseJsonLine } from "../../domain/wire/decode.ts";
import { toolNames } from "../../domain/wire/tools/tools.ts";
import type { AgentLaunch, CliStart } from "../agent-launch.ts";
import gatePlugin from "./gate-plugin.js" with { type: "text" };
import { providerConfig, providerFiles } from "./model-server/provider-config.ts";
import { ownServer } from "./opencode-tools.ts";

/** The words of OpenCode's own setting `permission`, for every tool. */
export const permissionModes = ["ask", "allow", "deny"] as const;
/** The tools that need no permission if `permission_mode` is "ask": they only look, plan, or ask by themselves. */
const harmlessTools = [
  "read",
  "glob",
  "grep",
  "list",
  "lsp",
  "skill",
  "todoread",
  "todowrite",
  "question",
  "task",
];
/** Variables that the agent's commands do not get. */
const secretVariables = ["OPENCODE_SERVER_PASSWORD", "OPENCODE_CONFIG_CONTENT"];
/** The lists of its configuration to which OpenCode appends those of another configuration. */
const appendedLists = ["plugin", "instructions"];
/** The longest that a call of one of our tools may wait for a person: a week. OpenCode's own limit is a minute. */
const callTimeoutMs = 7 * 86_400_000 + 60_000;

type Launch = Omit<AgentLaunch, "hooks"> & Partial<Pick<AgentLaunch, "hooks">>;

/** The password of OpenCode's server. The launch and the session derive the same password from the token of this run's host. */
export function serverPassword(token: string): string {
  return createHash("sha256").update(`opencode server ${token}`).digest("base64url");
}

/** A file that the plugin writes once OpenCode has loaded it. OpenCode ignores a plugin that it cannot load. */
export function loadedPath(dir: string, token: string): string {
  return join(
    dir,
    `opencode-gate-${createHash("sha256").update(`loaded ${token}`).digest("hex").slice(0, 16)}`,
  );
}

export function buildServerEnv(
  launch: Launch,
  configText: string | undefined,
): Record<string, string | undefined> {
  return {
    OPENCODE_CONFIG_CONTENT: JSON.stringify(merged(configOf(configText), buildConfig(launch))),
    ...passwordEnv(launch.hooks?.token),
    OPENCODE_DISABLE_AUTOUPDATE: "1",
  };
}

/** The variables that give the password to the server, and to the terminal that attaches to it. */
export function passwordEnv(token: string | undefined): Record<string, string | undefined> {
  return {
    OPENCODE_SERVER_PASSWORD: token === undefined ? undefined : serverPassword(token),
    OPENCODE_SERVER_USERNAME: undefined,
  };
}

export function buildFiles(launch: Launch): NonNullable<CliStart["files"]> {
  const { dir, hooks, instructions, mcpServer, modelServer } = launch;
  const json = (value: unknown) => `${JSON.stringify(value, null, 2)}\n`;
  const ownTools = toolNames.map((name) => `${ownServer}_${name}`);
  const gate = hooks && {
    ...{ url: hooks.url, token: hooks.token, ownTools, secrets: secretVariables },
    loaded: loadedPath(dir, hooks.token),
  };
  return [
    { path: instructionsPath(dir), content: `${instructions}\n` },
    ...Object.entries(mcpServer.env).map(([name, content]) => ({ path: variablePath(dir, name), content })),
    ...(modelServer === undefined ? [] : providerFiles(modelServer, dir)),
    ...(gate === undefined
      ? []
      : [
          { path: join(dir, "opencode-gate.json"), content: json(gate) },
          { path: gatePath(dir), content: gatePlugin },
        ]),
  ];
}

function instructionsPath(dir: string): string {
  return join(dir, "opencode-instructions.md");
}

function gatePath(dir: string): string {
  return join(dir, "opencode-gate.mjs");
}

function variablePath(dir: string, name: string): string {
  return join(dir, `opencode-env-${name}`);
}

function buildConfig(launch: Launch): Record<string, unknown> {
  const { dir, hooks, mcpServer, model, modelServer } = launch;
  const environment = Object.keys(mcpServer.env).map((name) => [name, `{file:${variablePath(dir, name)}}`]);
  const own = {
    type: "local",
    command: [mcpServer.command, ...mcpServer.args],
    environment: { ...Object.fromEntries(environment), OPENCODE_SERVER_PASSWORD: "" },
    ...{ enabled: true, timeout: callTimeoutMs },
  };
  return {
    ...{ autoupdate: false, share: "disabled" },
    ...(model === undefined ? {} : { model }),
    ...(modelServer === undefined ? {} : providerConfig(modelServer, dir)),
    permission: buildPermission(launch),
    ...(hooks === undefined ? {} : { plugin: [pathToFileURL(gatePath(dir)).href] }),
    instructions: [instructionsPath(dir)],
    mcp: { [ownServer]: own },
  };
}

/**
 * The rules that are added to the user's own. The last rule that fits a call counts. cliai's own tools are always allowed: if the agent had to
 * ask for them, it could not even report that it waits.
 */
function buildPermission({ permissionMode, allowedTools = [] }: Launch): object {
  const mode = permissionMode === undefined ? {} : { "*": permissionMode };
  const harmless = permissionMode === "ask" ? harmlessTools : [];
  const rules: Record<string, string | Record<string, string>> = {
    ...mode,
    ...Object.fromEntries([...harmless, `${ownServer}_*`].map((tool) => [tool, "allow"])),
  };
  for (const rule of allowedTools) {
    const [, tool = rule, pattern = "*"] = /^(\S+)\s+(.+)$/s.exec(rule) ?? [];
    const others =
      typeof rules[tool] === "object" ? rules[tool] : mode["*"] === undefined ? {} : { "*": mode["*"] };
    rules[tool] = pattern === "*" ? "allow" : { ...others, [pattern]: "allow" };
  }
  return rules;
}

/** The user's own OPENCODE_CONFIG_CONTENT; an empty object if there is none, or if it is no JSON. */
function configOf(text: string | undefined): Record<string, unknown> {
  const config = parseJsonLine(text ?? "");
  return isObject(config) ? config : {};
}

/** Merges as OpenCode does: the lists of {@link appendedLists} by appending, objects by their keys. Any other value of ours replaces the user's. */
function merged(user: Record<string, unknown>, own: Record<string, unknown>): Record<string, unknown> {
  const lists = appendedLists.flatMap((key) => {
    const [before, value] = [user[key], own[key]];
    return Array.isArray(before) && Array.isArray(value) ? [[key, [...before, ...value]] as const] : [];
  });
  return { ...deepMerged(user, own), ...Object.fromEntries(lists) };
}

function deepMerged(user: Record<string, unknown>, own: Record<string, unknown>): Record<string, unknown> {
  const all = { ...user };
  for (const [key, value] of Object.entries(own)) {
    const before = user[key];
    all[key] = isObject(before) && isObject(value) ? deepMerged(before, value) : value;
  }
  return all;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
