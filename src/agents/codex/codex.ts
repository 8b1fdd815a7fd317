// This room holds all that knows Codex: its launch, its app-server's requests and notifications, its hook.
//
// The `AgentCli` of Codex. Measured with 0.171.0.
import type { AgentCli } from "../agent-cli.ts";
import { codexModes } from "./codex-abilities.ts";
import { codexHooks } from "./codex-hooks.ts";
import { buildArgs, permissionModes } from "./codex-launch.ts";
import { openCodexSession } from "./codex-session.ts";

export const codex: AgentCli = {
  name: "codex",
  program: "codex",
  packageProgram:
    "@openai/codex/node_modules/@openai/codex-win32-x64/vendor/x86_64-pc-windows-msvc/bin/codex.exe",
  install: "npm install -g @openai/codex",
  triedVersion: "0.171.0",
  abilities: codexModes,
  probedFlags: ["--config"],
  permissionModes,
  session: { routes: ["app-server"], hooks: codexHooks },
  tellsSession: true,
  // npm's program is a script that starts the real one.
  isProcessGroup: true,
  isHeadlessOnly: true,
  openSession: openCodexSession,
  isSessionGone: (lastWords) => lastWords.includes("codex does not know the session"),

  prepare: async (launch) => ({ args: buildArgs(launch) }),
};
