// The table of commands: what the short help says, and where each is. Loaded one by one, so that `bridge` starts fast.
import type { CliCommand } from "./command.ts";

export interface CommandRow {
  readonly description: string;
  /** Left out of the short help. */
  readonly isHidden?: true;
  readonly load: () => Promise<CliCommand>;
}

export const commands: Readonly<Record<string, CommandRow>> = {
  serve: {
    description: "start the server: NATS, the dashboard and the API",
    load: async () => (await import("../serve/serve.ts")).serveCommand,
  },
  spawn: {
    description: "launch an agent from a profile",
    load: async () => (await import("../spawn/spawn.ts")).spawnCommand,
  },
  ls: {
    description: "list the agents and what they do",
    load: async () => (await import("../fleet/ls.ts")).lsCommand,
  },
  show: {
    description: "show one agent, with its commands and their receipts",
    load: async () => (await import("../fleet/show.ts")).showCommand,
  },
  watch: {
    description: "follow what happens, as it happens",
    load: async () => (await import("../fleet/watch.ts")).watchCommand,
  },
  send: {
    description: "send stop, pause, resume or a task to an agent",
    load: async () => (await import("../fleet/send.ts")).sendCommand,
  },
  inbox: {
    description: "list what waits for a person: questions, approvals",
    load: async () => (await import("../fleet/inbox.ts")).inboxCommand,
  },
  answer: {
    description: "answer a request of the inbox",
    load: async () => (await import("../fleet/answer.ts")).answerCommand,
  },
  audit: {
    description: "read, export, verify and replay the recorded history",
    load: async () => (await import("../audit/audit.ts")).auditCommand,
  },
  doctor: {
    description: "check everything that can be wrong, each with its remedy",
    load: async () => (await import("../doctor/doctor.ts")).doctorCommand,
  },
  agents: {
    description: "the agents' credentials: list, add, revoke",
    load: async () => (await import("../agents/agents.ts")).agentsCommand,
  },
  token: {
    description: "sign a browser or a script in, or sign all out",
    load: async () => (await import("../token.ts")).tokenCommand,
  },
  bridge: {
    description: "the MCP server that an agent's CLI runs; not for people",
    load: async () => (await import("../bridge.ts")).bridgeCommand,
  },
  hook: {
    description: "what an agent CLI's hooks call; not for people",
    isHidden: true,
    load: async () => (await import("../hook.ts")).hookCommand,
  },
  bench: {
    description: "measure this program beside the limits of this machine",
    isHidden: true,
    load: async () => (await import("../bench.ts")).benchCommand,
  },
};
