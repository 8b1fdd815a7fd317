// The flags of `audit read` and `audit replay` that choose records, and the filter that is made from them.
import { type AuditFilter, auditKinds, parseAuditKind } from "../../domain/audit/audit-filter.ts";
import { CliaiError } from "../../domain/text/errors.ts";
import { parseMomentMs } from "../../domain/text/moment.ts";
import { parseAgentId } from "../../domain/wire/agent-id.ts";
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
    description: "only records since this time: RFC 3339, 2h for two hours ago, or yesterday",
  },
  until: { type: "string", valueHint: "TIME", description: "only records until this time" },
  text: { type: "string", valueHint: "TEXT", description: "only records that contain this text" },
} as const;

/** @throws CliaiError `usage`, `agent_id_invalid` */
export function readFilter(given: Arguments<typeof filterArgs>, { now }: CliContext): AuditFilter {
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
  if ((filter.sinceMs ?? Number.NEGATIVE_INFINITY) > (filter.untilMs ?? Number.POSITIVE_INFINITY)) {
    throw new CliaiError("usage", `--since ${since} is later than --until ${until}`, {
      hint: "2h means two hours ago: --since 2h --until 1h",
    });
  }
  return filter;
}
