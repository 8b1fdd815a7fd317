// The pipes of a session whose host takes everything and answers nothing. A test replaces what it looks at.
import { PassThrough } from "node:stream";
import type { HookPlace } from "../../src/agents/agent-launch.ts";
import type { SessionPipes } from "../../src/agents/live-session.ts";
import { parseAgentId } from "../../src/domain/wire/agent-id.ts";
import { silentLogger } from "../../src/log.ts";

export function silentPipes(hooks: Partial<HookPlace> = {}): SessionPipes {
  const nothing = () => undefined;
  return {
    ...{ stdin: new PassThrough(), stdout: new PassThrough(), log: silentLogger },
    launch: {
      agentId: parseAgentId("ada"),
      sessionId: "11111111-2222-4333-8444-555555555555",
      ...{ dir: "/data/agents/ada", cwd: "/", mcpConfigPath: "/data/agents/ada/mcp.json" },
      mcpServer: { command: "cliai", args: ["bridge"], env: { AGENT_ID: "ada" } },
      ...{ strictMcp: false, instructions: "Be brief.", passedOn: [], isHeadless: true },
      hooks: {
        ...{ url: "http://127.0.0.1:1/hook", telemetryUrl: "http://127.0.0.1:1", token: "t", holdS: 60 },
        ...{ command: { command: "cliai", args: ["hook"] }, env: {}, version: undefined },
        ...{ isHeadless: true, asksPermissions: true, holdsEnds: false, userSettings: { noProxy: "" } },
        ...hooks,
      },
    },
    ...{ onSession: nothing, observe: nothing, onEvent: nothing, onSign: nothing, onUsage: nothing },
    ...{
      onWords: nothing,
      onResult: nothing,
      onHook: async () => ({ type: "go" }),
      whenLetGo: async () => undefined,
    },
  };
}
