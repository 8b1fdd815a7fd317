// This room holds all that knows Codex: its launch, its app-server's requests and notifications, its hook.
//
// The `AgentCli` of Codex. Measured with 0.171.0.
import { rm } from "node:fs/promises";
import type { AgentCli } from "../agent-cli.ts";
import { probeTrust } from "./app-server/codex-probe.ts";
import { codexModes } from "./codex-abilities.ts";
import { codexHooks } from "./codex-hooks.ts";
import {
  buildArgs,
  buildSharedArgs,
  buildTerminalArgs,
  permissionModes,
  socketPath,
} from "./codex-launch.ts";
import { openCodexSession } from "./codex-session.ts";

export const codex: AgentCli = {
  name: "codex",
  program: "codex",
  packageProgram:
    "@openai/codex/node_modules/@openai/codex-win32-x64/vendor/x86_64-pc-windows-msvc/bin/codex.exe",
  install: "npm install -g @openai/codex",
  account: { keys: ["CODEX_API_KEY"], homeVariable: "CODEX_HOME", homeFolder: ".codex" },
  triedVersion: "0.171.0",
  abilities: codexModes,
  probedFlags: ["--config"],
  modelServer: {
    api: "/v1/responses",
    // As SmolLM2 counts them, with cliai's own tools.
    ownTokens: { full: 9_800 },
    lacks: { "llama.cpp": "llama.cpp b11549 leaves out the tools of MCP servers, cliai's own among them" },
  },
  permissionModes,
  session: {
    ...{ routes: ["app-server"], hooks: codexHooks },
    whenBridgeEnds: { stream: "at the next call of one of its tools, cliai has codex start it again" },
  },
  tellsSession: "always",
  isServed: true,
  // npm's program is a script that starts the real one.
  isProcessGroup: true,
  // If it listens on a socket, it waits after the first signal until the running turn is over.
  isAskedAgain: true,
  openSession: openCodexSession,
  isSessionGone: (lastWords) => lastWords.includes("codex does not know the session"),

  async prepare(launch) {
    const args = buildArgs(launch);
    const { hooks, isHeadless } = launch;
    if (isHeadless === true) return { args };
    const terminalOn = (thread: string) => ({ args: buildTerminalArgs(launch, thread) });
    if (hooks === undefined) return { args: [...args, ...buildSharedArgs(launch, undefined)], terminalOn };
    const trust = await probeTrust(codex, args, { ...launch, hooks });
    await rm(socketPath(launch), { force: true }); // of an earlier run
    return { args: [...args, ...buildSharedArgs(launch, trust)], terminalOn };
  },
};
