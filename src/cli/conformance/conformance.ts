// This room is `cliai conformance`: it plays the server's side to a program that speaks docs/protocol.md, and says which rules hold.
//
// The command: it runs the checks one after another against a running agent, and prints a line for each.

import { readKeys } from "../../credentials/keys.ts";
import { readServeFile } from "../../data-dir/serve-file.ts";
import { CliaiError } from "../../domain/text/errors.ts";
import { parseSeconds } from "../../domain/text/moment.ts";
import type { AgentId } from "../../domain/wire/agent-id.ts";
import type { Bus } from "../../nats/bus.ts";
import { type ClientArgs, clientArgs, dataDirFor, withClient } from "../fleet/client.ts";
import { type AgentReading, createFleetReader, type FleetReader, viewOf } from "../fleet/fleet-reading.ts";
import { defineCliCommand } from "../frame/command.ts";
import { type CliContext, operatorOf } from "../frame/context.ts";
import { paint, plain } from "../frame/terminal.ts";
import { runChecks } from "./checks.ts";
import type { Finding, Result } from "./finding.ts";
import { type Hearing, startHearing } from "./hearing.ts";
import { createStage } from "./stage.ts";

const timeoutBounds = { least: 1, most: 3_600, hint: "cliai conformance --help" };

export const conformanceCommand = defineCliCommand({
  name: "conformance",
  example: "cliai conformance --agent-id ada --stop",
  description:
    "check that a running program keeps the protocol: give it tasks, a pause and a resume, and print which rules hold; exit 1 if one does not",
  args: {
    "agent-id": { type: "string", valueHint: "ID", description: "id of the agent to check" },
    stop: { type: "boolean", description: "stop the agent at the end, to check its goodbye" },
    timeout: {
      type: "string",
      valueHint: "SECONDS",
      default: "30",
      description: "wait this long for each thing that the agent has to do",
    },
    ...clientArgs,
  },
  async run(args, context) {
    const timeoutMs = 1_000 * parseSeconds(args.timeout, "--timeout", timeoutBounds);
    const agent = args["agent-id"];
    if (agent === undefined) {
      throw new CliaiError("usage", "conformance needs the agent's id", {
        hint: "name the agent that your program is: cliai conformance --agent-id ada (cliai ls lists the agents)",
      });
    }
    const findings: Finding[] = [];
    const report = (...more: readonly Finding[]) => {
      findings.push(...more);
      if (!context.json) for (const each of more) printFinding(each, context);
    };
    const hearsConnections = await doesHearConnections(args, context);
    const agent_id = await withClient(args, context, (bus, parts) =>
      play(bus, parts, {
        ...{ agent, isStopAgreed: args.stop === true },
        ...{ timeoutMs, hearsConnections, report, context },
      }),
    );
    const ok = findings.every(({ result }) => result !== "missing");
    if (context.json) context.print(JSON.stringify({ agent_id, ok, checks: findings }));
    else context.note(sumOf(findings));
    return ok ? 0 : 1;
  },
});

interface PlayOptions {
  readonly agent: string;
  readonly isStopAgreed: boolean;
  readonly timeoutMs: number;
  readonly hearsConnections: boolean;
  readonly report: (...findings: readonly Finding[]) => void;
  readonly context: CliContext;
}

/** @throws CliaiError `agent_unknown`; `refused` for an agent that is not online, is paused, or whose CLI cliai has launched */
async function play(bus: Bus, parts: AsyncDisposableStack, options: PlayOptions): Promise<AgentId> {
  const { report, context, timeoutMs, isStopAgreed, hearsConnections } = options;
  const fleet = createFleetReader(bus, context);
  const { agent_id: id, heartbeat } = (await fleet.require(options.agent)).record;
  requireProgram(id, heartbeat?.agent_cli);
  const hearing = startHearing(bus, id);
  parts.defer(() => hearing.stop());
  const reading = await readWhenHeard(fleet, hearing, id, timeoutMs);
  requireOnline(reading);
  requireRunning(reading);
  const stage = createStage({
    ...{ bus, id, hearing, fleet, timeoutMs },
    from: operatorOf(context),
    now: context.now,
  });
  let isPaused = false;
  parts.defer(async () => {
    if (isPaused) await stage.send({ type: "resume" });
  });
  const onPaused = (now: boolean) => {
    isPaused = now;
  };
  await runChecks(stage, { isStopAgreed, hearsConnections, onPaused, report });
  return id;
}

/** Reads the agent. A silent one has this long to be heard again, because its heartbeats come late on a busy machine. */
export async function readWhenHeard(
  fleet: Pick<FleetReader, "require">,
  hearing: Pick<Hearing, "until">,
  id: AgentId,
  timeoutMs: number,
): Promise<AgentReading> {
  let reading: AgentReading | undefined;
  await hearing.until(async () => {
    reading = await fleet.require(id);
    return viewOf(reading).axes.link.value !== "silent";
  }, timeoutMs);
  return reading ?? (await fleet.require(id));
}

function requireOnline(reading: AgentReading): void {
  const { agent_id: id, axes } = viewOf(reading);
  const { value, reason } = axes.link;
  if (value === "online") return;
  throw new CliaiError("refused", `${id} is ${value} (${reason}): only a running agent can be checked`, {
    hint: "start the program, then run this again",
  });
}

/**
 * Refuses an agent that a person has paused, because the checks resume the agent.
 * @throws CliaiError `refused`
 */
export function requireRunning(reading: AgentReading): void {
  const { agent_id: id, axes } = viewOf(reading);
  const { value, reason } = axes.control;
  if (value === "running") return;
  throw new CliaiError("refused", `${id} is ${value} (${reason}), and the checks would let it go on`, {
    hint: `let it go on first (cliai resume ${id}), or start the program again`,
  });
}

/**
 * Refuses an agent whose CLI cliai has launched: its model would do the tasks of the checks, and that costs money. Its host keeps the
 * protocol, which cliai's own tests check.
 */
function requireProgram(id: AgentId, cli: string | undefined): void {
  if (cli === undefined) return;
  throw new CliaiError("refused", `${id} works in an agent CLI that cliai has launched (${cli})`, {
    hint: "check a program of your own: docs/protocol.md",
  });
}

/** Whether serve uses nats-server's system account, which reports connections. It does only if its nats-server has keys of its own. */
async function doesHearConnections(args: ClientArgs, context: CliContext): Promise<boolean> {
  if (args.url !== undefined) return false;
  const dataDir = dataDirFor(args, context);
  const server = await readServeFile(dataDir);
  return server !== undefined && server.insecure !== true && (await readKeys(dataDir)) !== undefined;
}

const marks: Readonly<Record<Result, readonly [text: string, colour: "green" | "red" | "yellow"]>> = {
  holds: ["ok  ", "green"],
  missing: ["bad ", "red"],
  untried: ["?   ", "yellow"],
};

function printFinding({ check, result, evidence, hint }: Finding, { print, color }: CliContext): void {
  const [text, colour] = marks[result];
  const remedy = hint === undefined ? "" : `; ${paint("hint:", "bold", color)} ${hint}`;
  print(`${paint(text, colour, color)} ${check}: ${plain(evidence)}${remedy}`);
}

function sumOf(findings: readonly Finding[]): string {
  const count = (wanted: Result) => findings.filter(({ result }) => result === wanted).length;
  return `${count("holds")} rules hold, ${count("missing")} are missing, ${count("untried")} untried`;
}
