// `cliai status`: tells whether a server runs on the data directory, and where it answers. With --log, prints its log.

import { statSync } from "node:fs";
import { join } from "node:path";
import { readAgentFolders } from "../../data-dir/agent-folders.ts";
import { isAgentHeld } from "../../data-dir/agent-lock.ts";
import { askHealth } from "../../data-dir/ask-serve.ts";
import { readLog, serveLogPath } from "../../data-dir/log-file.ts";
import { readServeFile, type ServeFile, serveFilePath } from "../../data-dir/serve-file.ts";
import { type HoldingCommand, isServed, readCommand } from "../../data-dir/serve-lock.ts";
import { plainLines } from "../../domain/text/harmless.ts";
import { spanText } from "../../domain/text/moment.ts";
import { redact } from "../../domain/text/redact.ts";
import { pause } from "../../waiting.ts";
import { dataDirArgs, dataDirFor, jsonArgs } from "../fleet/client.ts";
import { defineCliCommand } from "../frame/command.ts";
import type { CliContext } from "../frame/context.ts";
import { restartLine } from "./newer-build.ts";
import { nodeExitCode, nodeJson, nodeLine, readNodeStatus } from "./node-status.ts";

const lastLogBytes = 8_000;
const followEveryMs = 200;

export const statusCommand = defineCliCommand({
  name: "status",
  description:
    "tell whether and where the server runs, and which agents run on this machine; or print its log",
  args: {
    log: { type: "boolean", description: "print the end of the log of a server in the background" },
    follow: { type: "boolean", description: "print the log as it grows, until Ctrl-C" },
    ...dataDirArgs,
    ...jsonArgs,
  },
  async run(args, context) {
    const dataDir = dataDirFor(args, context);
    const node = await readNodeStatus(dataDir);
    if (args.log === true || args.follow === true) {
      return await printLog(node?.log ?? serveLogPath(dataDir), args.follow === true, context);
    }
    if (node !== undefined) {
      const agents = await agentsHere(dataDir);
      if (context.json) context.print(JSON.stringify({ ...nodeJson(node), data_dir: dataDir, agents }));
      else for (const line of [nodeLine(node), agentsLineOf(agents)]) context.print(line);
      return nodeExitCode(node);
    }
    const status = await readStatus(dataDir);
    if (context.json) context.print(JSON.stringify(jsonOf(status)));
    else for (const line of linesOf(status, context.now())) context.print(line);
    return exitCodeOf(status);
  },
});

interface ServerStatus {
  readonly dataDir: string;
  /** Whether a serve holds the data directory. */
  readonly isRunning: boolean;
  /** What the server wrote when it was ready. Undefined while it starts or ends. */
  readonly server: ServeFile | undefined;
  /** The command that has the directory for itself, in place of a server. */
  readonly command: HoldingCommand | undefined;
  readonly readyAt: Date | undefined;
  /** Whether the server answers over HTTP. If it does but is not ready, `trouble` says why. */
  readonly answers: boolean;
  readonly trouble: string | undefined;
  /** The agents whose host runs on this machine. They run on without a server. */
  readonly agents: readonly string[];
}

async function readStatus(dataDir: string): Promise<ServerStatus> {
  const isRunning = await isServed(dataDir);
  const command = await readCommand(dataDir);
  // A server that was killed has left its file.
  const server = isRunning && command === undefined ? await readServeFile(dataDir) : undefined;
  const health = server && (await askHealth(server.url));
  return {
    ...{ dataDir, isRunning: isRunning && command === undefined, server, command },
    readyAt: server && statSync(serveFilePath(dataDir), { throwIfNoEntry: false })?.mtime,
    answers: health !== undefined,
    trouble: health?.reason,
    agents: await agentsHere(dataDir),
  };
}

async function agentsHere(dataDir: string): Promise<string[]> {
  const folders = await readAgentFolders(join(dataDir, "agents"));
  return folders.filter((id) => isAgentHeld(dataDir, id)).sort();
}

function agentsLineOf(agents: readonly string[]): string {
  return `agents on this machine: ${agents.length === 0 ? "none" : agents.join(", ")}`;
}

/** 0 if the server is ready, 1 if it answers but is not ready, 3 if it does not answer. */
function exitCodeOf({ answers, trouble }: ServerStatus): number {
  if (!answers) return 3;
  return trouble === undefined ? 0 : 1;
}

function linesOf(status: ServerStatus, now: Date): string[] {
  const { dataDir, isRunning, server, command, readyAt, answers, trouble, agents } = status;
  const agentsLine = agentsLineOf(agents);
  if (server === undefined) {
    if (command !== undefined)
      return [
        `no server runs on ${dataDir}: cliai ${command.name} (pid ${command.pid}) has it for itself`,
        agentsLine,
      ];
    const what = isRunning ? `a server starts or ends on ${dataDir}` : `no server runs on ${dataDir}`;
    return [isRunning ? what : `${what}; start it: cliai serve --detach`, agentsLine];
  }
  const { version, pid, url, nats_version, nats_url } = server;
  const age = readyAt && `, for ${spanText((now.getTime() - readyAt.getTime()) / 1_000)}`;
  const older = restartLine(server);
  return [
    `cliai ${version} runs at ${url} (pid ${pid}${age ?? ""})`,
    ...(answers ? [] : ["it does not answer at that address"]),
    ...(trouble === undefined ? [] : [`it is not ready: ${trouble}`]),
    ...(older === undefined ? [] : [older]),
    `NATS ${nats_version} at ${redact(nats_url)}, data in ${dataDir}`,
    agentsLine,
  ];
}

function jsonOf({ dataDir, isRunning, server, readyAt, answers, trouble, agents }: ServerStatus): object {
  const older = server && restartLine(server);
  const log = serveLogPath(dataDir);
  return {
    ...{ running: isRunning, ready: answers && trouble === undefined, data_dir: dataDir, log },
    ...(server && {
      ...{ pid: server.pid, url: server.url, nats_url: redact(server.nats_url) },
      ...{ version: server.version, nats_version: server.nats_version, ready_at: readyAt?.toISOString() },
    }),
    ...(trouble === undefined ? {} : { reason: trouble }),
    ...(older === undefined ? {} : { restart: older }),
    agents,
  };
}

async function printLog(path: string, isFollowed: boolean, context: CliContext): Promise<number> {
  const first = readLog(path, -lastLogBytes);
  if (first.end === 0)
    context.note(
      `${path} is empty or missing: no server was started in the background, or it printed nothing`,
    );
  // If the log is longer than what was read, the text begins in the middle of a line.
  const text = first.end > lastLogBytes ? first.text.slice(first.text.indexOf("\n") + 1) : first.text;
  let { end } = first;
  let rest = printLines(text, context);
  while (isFollowed && !context.outputEnded.aborted) {
    await pause(followEveryMs, context.outputEnded);
    const more = readLog(path, end);
    rest = printLines((more.end < end ? "" : rest) + more.text, context);
    end = more.end;
  }
  if (rest !== "") printLines(`${rest}\n`, context);
  return 0;
}

/** Prints the complete lines. Returns the rest: the beginning of a line that is still being written. */
function printLines(text: string, { print, json }: CliContext): string {
  const lines = text.split("\n");
  const rest = lines.pop() ?? "";
  for (const line of lines) {
    for (const each of plainLines(redact(line))) print(json ? JSON.stringify(logEntryOf(each)) : each);
  }
  return rest;
}

/** A line of the log for `--json`. A line that cliai's logger did not write, such as the stack of a crash, has no time and no level. */
function logEntryOf(line: string): { at?: string; level?: string; text: string } {
  const [, at, level, text] = /^(\d{4}-\S+Z) ([a-z]+) (.*)$/.exec(line) ?? [];
  return at === undefined || level === undefined || text === undefined ? { text: line } : { at, level, text };
}
