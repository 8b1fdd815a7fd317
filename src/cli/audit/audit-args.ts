// The flags of `cliai audit`, of all its acts, and the filter that they make.
import { type AuditFilter, auditKinds, parseAuditKind } from "../../domain/audit/audit-filter.ts";
import { CliaiError } from "../../domain/text/errors.ts";
import { parseMomentMs } from "../../domain/text/moment.ts";
import { parseAgentId } from "../../domain/wire/agent-id.ts";
import { clientArgs } from "../fleet/client.ts";
import type { Arguments } from "../frame/command.ts";
import type { CliContext } from "../frame/context.ts";

export const filterArgs = {
  agent: { type: "string", valueHint: "ID", description: "only what is about this agent" },
  kind: {
    type: "string",
    valueHint: "KIND",
    description: `only one of ${auditKinds.slice(0, 7).join(", ")}, …`,
  },
  since: { type: "string", valueHint: "TIME", description: "from then on: RFC 3339, or ago, such as 2h" },
  until: { type: "string", valueHint: "TIME", description: "up to then" },
  text: { type: "string", valueHint: "TEXT", description: "only what has this text in it" },
} as const;

export const readArgs = {
  limit: { type: "string", valueHint: "N", description: "only the newest N" },
  follow: { type: "boolean", description: "go on with what comes" },
  export: { type: "string", valueHint: "FILE", description: "write them to a file that can be verified" },
} as const;

export const verifyArgs = {
  stream: { type: "string", valueHint: "NAME", description: "verify this copy of the stream AUDIT" },
  prefix: {
    type: "string",
    valueHint: "TEXT",
    description: "what the copy's subjects begin with, such as copy.",
  },
  file: { type: "string", valueHint: "FILE", description: "verify an exported file" },
  key: {
    type: "string",
    valueHint: "KEYS",
    description: "the keys that may sign, with commas between; else the data directory's own",
  },
} as const;

export const replayArgs = {
  to: { type: "string", valueHint: "PREFIX", description: "where replay publishes: replay.NAME" },
  speed: { type: "string", valueHint: "N", description: "N times as fast as it was; 0 without pauses" },
} as const;

export const auditArgs = {
  action: { type: "positional", required: false, description: "verify or replay; reads when left out" },
  ...filterArgs,
  ...readArgs,
  ...verifyArgs,
  ...replayArgs,
  ...clientArgs,
} as const;

export type AuditArgs = Arguments<typeof auditArgs>;

/** @throws CliaiError `usage`, `agent_id_invalid` */
export function readFilter(given: AuditArgs, { now }: CliContext): AuditFilter {
  const { agent, kind, since, until, text } = given;
  const moment = (value: string | undefined, name: string) =>
    value === undefined ? undefined : parseMomentMs(value, name, now());
  const filter = {
    agent: agent === undefined ? undefined : parseAgentId(agent),
    kind: kind === undefined ? undefined : parseAuditKind(kind),
    sinceMs: moment(since, "--since"),
    untilMs: moment(until, "--until"),
    text,
  };
  if ((filter.sinceMs ?? 0) > (filter.untilMs ?? Number.POSITIVE_INFINITY)) {
    throw new CliaiError("usage", `--since ${since} is later than --until ${until}`, {
      hint: "a duration is counted back from now: --since 2h --until 1h",
    });
  }
  return filter;
}
