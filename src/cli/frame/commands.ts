// The table of commands: the line of each in the short help, and its file. A file is loaded when its command is called, so
// that `bridge` starts fast.
import type { CliCommand } from "./command.ts";

export interface CommandRow {
  readonly description: string;
  /** Left out of the short help. */
  readonly isHidden?: true;
  /** Whether the server of the data directory runs it, if it can: one of `commandsInServe`. */
  readonly runsInServe?: true;
  readonly load: () => Promise<CliCommand>;
}

export const commands: Readonly<Record<string, CommandRow>> = {
  serve: {
    description: "start the server: NATS, the dashboard and the HTTP API",
    load: async () => (await import("../serve/serve.ts")).serveCommand,
  },
  status: {
    description: "tell whether and where the server runs; or print its log",
    load: async () => (await import("../background/status.ts")).statusCommand,
  },
  down: {
    description: "end the server; with --agents, stop the agents first",
    load: async () => (await import("../background/down.ts")).downCommand,
  },
  spawn: {
    description: "launch an agent from a profile",
    load: async () => (await import("../spawn/spawn.ts")).spawnCommand,
  },
  ls: {
    description: "list the agents, with status and task",
    runsInServe: true,
    load: async () => (await import("../ls/ls.ts")).lsCommand,
  },
  top: {
    description: "show the fleet on the whole screen, with keys to steer it",
    load: async () => (await import("../top/top.ts")).topCommand,
  },
  attach: {
    description: "see the terminal of an agent, and type there",
    load: async () => (await import("../attach/attach.ts")).attachCommand,
  },
  show: {
    description: "show one agent, its commands and their receipts",
    runsInServe: true,
    load: async () => (await import("../fleet/show.ts")).showCommand,
  },
  watch: {
    description: "print each event of the fleet as it happens",
    load: async () => (await import("../fleet/watch.ts")).watchCommand,
  },
  send: {
    description: "send stop, pause, resume or a task to an agent",
    runsInServe: true,
    load: async () => (await import("../send/send.ts")).sendCommand,
  },
  log: {
    description: "print what an agent was told, did and said",
    load: async () => (await import("../log/log.ts")).logCommand,
  },
  diff: {
    description: "print what an agent has changed",
    load: async () => (await import("../diff/diff.ts")).diffCommand,
  },
  changes: {
    description: "commit or push what an agent has changed, or open a pull request",
    load: async () => (await import("../diff/changes.ts")).changesCommand,
  },
  report: {
    description: "tell what the agents did, what waits, and what was held and why",
    load: async () => (await import("../report/report.ts")).reportCommand,
  },
  search: {
    description: "find what was said and done, by words",
    load: async () => (await import("../search/search.ts")).searchCommand,
  },
  tag: {
    description: "give an agent tags, by which it is found",
    load: async () => (await import("../tag.ts")).tagCommand,
  },
  cancel: {
    description: "take back a task or message that still waits",
    load: async () => (await import("../fleet/cancel.ts")).cancelCommand,
  },
  resume: {
    description: "let a paused agent go on; start an ended agent again",
    load: async () => (await import("../resume/resume.ts")).resumeCommand,
  },
  wait: {
    description: "wait until agents are done, idle or need you",
    load: async () => (await import("../wait/wait.ts")).waitCommand,
  },
  inbox: {
    description: "list the requests that wait for a person",
    runsInServe: true,
    load: async () => (await import("../inbox/inbox.ts")).inboxCommand,
  },
  answer: {
    description: "answer a request from the inbox",
    runsInServe: true,
    load: async () => (await import("../fleet/answer.ts")).answerCommand,
  },
  budget: {
    description: "list, set, raise or remove what agents may spend",
    load: async () => (await import("../budget/budget.ts")).budgetCommand,
  },
  reservations: {
    description: "list the files that agents have reserved, or release an agent's",
    load: async () => (await import("../fleet/reservations.ts")).reservationsCommand,
  },
  rules: {
    description: "list or revoke the standing rules, which approve without asking",
    load: async () => (await import("../rules.ts")).rulesCommand,
  },
  notify: {
    description: "list who is told when an agent needs you, or try it",
    load: async () => (await import("../notify/notify.ts")).notifyCommand,
  },
  audit: {
    description: "read, export, verify or replay the recorded history",
    load: async () => (await import("../audit/audit.ts")).auditCommand,
  },
  doctor: {
    description: "check the installation, with a remedy for each problem",
    load: async () => (await import("../doctor/doctor.ts")).doctorCommand,
  },
  profiles: {
    description: "list the profiles with their files, or trust a project's",
    load: async () => (await import("../profiles.ts")).profilesCommand,
  },
  clis: {
    description: "list the agent CLIs on PATH, with versions and abilities",
    load: async () => (await import("../clis.ts")).clisCommand,
  },
  models: {
    description: "list the model servers, with their slots and who waits",
    load: async () => (await import("../models.ts")).modelsCommand,
  },
  agents: {
    description: "list, add or revoke agents' credentials; remove an agent",
    load: async () => (await import("../agents/agents.ts")).agentsCommand,
  },
  worktrees: {
    description: "list the agents' git worktrees, or remove what is merged",
    load: async () => (await import("../worktrees/worktrees.ts")).worktreesCommand,
  },
  nodes: {
    description: "list the machines that have joined this fleet, or revoke one",
    load: async () => (await import("../nodes/nodes.ts")).nodesCommand,
  },
  "join-code": {
    description: "print the line with which another machine joins this fleet",
    load: async () => (await import("../nodes/join-code.ts")).joinCodeCommand,
  },
  join: {
    description: "have this machine join the fleet of a server on another one",
    load: async () => (await import("../node/join.ts")).joinCommand,
  },
  node: {
    description: "keep this machine connected to its fleet; join starts it",
    isHidden: true,
    load: async () => (await import("../node/node.ts")).nodeCommand,
  },
  peers: {
    description: "list, add or revoke programs of others that prompt or serve agents",
    load: async () => (await import("../peers/peers.ts")).peersCommand,
  },
  conformance: {
    description: "check that a program of your own keeps the agents' protocol",
    load: async () => (await import("../conformance/conformance.ts")).conformanceCommand,
  },
  token: {
    description: "print or replace the token that signs browsers and scripts in",
    load: async () => (await import("../token.ts")).tokenCommand,
  },
  mcp: {
    description: "run the operator's MCP server on stdio; your own assistant starts it",
    load: async () => (await import("../mcp/mcp.ts")).mcpCommand,
  },
  service: {
    description: "make the server a service that starts by itself",
    load: async () => (await import("../service/service.ts")).serviceCommand,
  },
  backup: {
    description: "save all that the server has, in one file",
    load: async () => (await import("../backup/backup.ts")).backupCommand,
  },
  restore: {
    description: "make a data directory from a backup",
    load: async () => (await import("../backup/restore.ts")).restoreCommand,
  },
  uninstall: {
    description: "list what cliai keeps on this machine, and remove it",
    load: async () => (await import("../uninstall.ts")).uninstallCommand,
  },
  licenses: {
    description: "print the licences of all that is in this program",
    load: async () => (await import("../licenses/licenses.ts")).licensesCommand,
  },
  completion: {
    description: "print the script that lets a shell complete commands, flags and agents",
    load: async () => (await import("../completion/completion.ts")).completionCommand,
  },
  bridge: {
    description: "run the MCP server of one agent; its CLI starts it",
    load: async () => (await import("../bridge.ts")).bridgeCommand,
  },
  loop: {
    description: "run an ACP agent on a local model server; an ACP client starts it",
    isHidden: true,
    load: async () => (await import("../loop.ts")).loopCommand,
  },
  hook: {
    description: "hand one hook of an agent's CLI to the host; its CLI starts it",
    isHidden: true,
    load: async () => (await import("../hook.ts")).hookCommand,
  },
  "search-index": {
    description: "fill the index of the search; serve starts it",
    isHidden: true,
    load: async () => (await import("../search/search-index.ts")).searchIndexCommand,
  },
  bench: {
    description: "measure this program and compare it with the limits of this machine",
    isHidden: true,
    load: async () => (await import("../bench.ts")).benchCommand,
  },
};
