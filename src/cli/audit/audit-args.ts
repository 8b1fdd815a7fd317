// The flags of `cliai audit` and its acts, and the filter that they make.
import { type AuditFilter, auditKinds, parseAuditKind } from "../../domain/audit/audit-filter.ts";
import { CliaiError } from "../../domain/text/errors.ts";
import { parseMomentMs } from "../../domain/text/moment.ts";
import { parseAgentId } from "../../domain/wire/agent-id.ts";
import { clientArgs } from "../fleet/client.ts";
import type { Arguments } from "../frame/command.ts";
import type { CliContext } from "../frame/context.ts";

export const filterArgs = {
  agent: { type: "string", valueHint: "ID", description: "only records of this agent" },
  kind: {
    type: "string",
    valueHint: "KIND",
    description: `only records of this kind: ${auditKinds.slice(0, 7).join(", ")}, …`,
  },
  since: {
    type: "string",
    valueHint: "TIME",
    description: "only records since this time: RFC 3339, or 2h for two hours ago",
  },
  until: { type: "string", valueHint: "TIME", description: "only records until this time" },
  text: { type: "string", valueHint: "TEXT", description: "only records that contain this text" },
} as const;

export const readArgs = {
  limit: { type: "string", valueHint: "N", description: "only the newest N records" },
  follow: { type: "boolean", description: "keep printing new records as they come" },
  export: {
    type: "string",
    valueHint: "FILE",
    description: "write the records to this file, which audit verify can check",
  },
} as const;

export const verifyArgs = {
  stream: {
    type: "string",
    valueHint: "NAME",
    description: "with verify: check this copy of the stream AUDIT",
  },
  prefix: {
    type: "string",
    valueHint: "TEXT",
    description: "with verify: the prefix of the copy's subjects, such as copy.",
  },
  file: { type: "string", valueHint: "FILE", description: "with verify: check this exported file" },
  key: {
    type: "string",
    valueHint: "KEYS",
    description:
      "with verify: trust these public keys, separated by commas; else the data directory's own key",
  },
} as const;

export const replayArgs = {
  to: {
    type: "string",
    valueHint: "PREFIX",
    description: "with replay: publish on subjects that begin with this prefix, replay.NAME",
  },
  speed: {
    type: "string",
    valueHint: "N",
    description: "with replay: publish N times as fast as recorded; 0 for no pauses",
  },
} as const;

export const auditArgs = {
  action: {
    type: "positional",
    required: false,
    description: "verify or replay; leave it out to read the records",
  },
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
