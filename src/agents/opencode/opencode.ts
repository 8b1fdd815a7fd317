// This room holds all that knows OpenCode: its launch, its server's requests and events, its plugin.
//
// The `AgentCli` of OpenCode. Measured with 1.18.33.
import { createServer } from "node:net";
import { loopback } from "../../domain/wire/own-address.ts";
import type { AgentCli } from "../agent-cli.ts";
import { opencodeModes } from "./opencode-abilities.ts";
import { opencodeHooks } from "./opencode-hooks.ts";
import { buildFiles, buildServerEnv, passwordEnv, permissionModes } from "./opencode-launch.ts";
import { openOpencodeSession } from "./opencode-session.ts";

export const opencode: AgentCli = {
  name: "opencode",
  program: "opencode",
  packageProgram: "opencode-ai/bin/opencode.exe",
  install: "npm install -g opencode-ai",
  account: { keys: [], homeFolder: ".local/share/opencode", byProvider: true },
  triedVersion: "1.18.33",
  abilities: opencodeModes,
  probedFlags: ["--port", "--hostname"],
  // As SmolLM2 counts them, with cliai's own tools.
  modelServer: { ownTokens: { full: 10_000 } },
  permissionModes,
  session: { routes: ["http-api"], hooks: opencodeHooks },
  tellsSession: "always",
  isServed: true,
  // After an interrupt 1.18.33 ignores the first signal.
  isAskedAgain: true,
  openSession: openOpencodeSession,
  isSessionGone: (lastWords) => lastWords.includes("Session not found"),

  async prepare(launch) {
    const port = String(await freePort());
    const { token } = launch.hooks ?? {};
    return {
      args: ["serve", "--hostname", loopback, "--port", port, ...launch.passedOn],
      env: buildServerEnv(launch, launch.hooks?.env.OPENCODE_CONFIG_CONTENT),
      files: buildFiles(launch),
      terminalOn: (session) => ({
        args: ["attach", `http://${loopback}:${port}`, "--session", session, "--dir", launch.cwd],
        env: { ...passwordEnv(token), OPENCODE_DISABLE_AUTOUPDATE: "1" },
      }),
    };
  },
};

/** A port that nobody uses now. With `--port 0` OpenCode uses port 4096 if it is free, so an agent could get the port of one before it. */
async function freePort(): Promise<number> {
  const { promise, resolve, reject } = Promise.withResolvers<number>();
  const server = createServer().once("error", reject);
  server.listen(0, loopback, () => {
    const address = server.address();
    server.close(() => resolve(typeof address === "object" && address !== null ? address.port : 0));
  });
  return await promise;
}
