// Checks the name of the agent's connection, by what nats-server has reported to serve about it.
import { type Finding, finding, untried } from "./finding.ts";
import type { Stage } from "./stage.ts";

/** How long to look for the name of a connection that is still open. */
const lookMs = 2_000;

export interface ConnectionFacts {
  /** Whether nats-server reports to this server which connections begin and end. */
  readonly hearsConnections: boolean;
  /** Whether the agent was stopped. If serve did not know the agent before, it has not noted the beginning of its connection, only its end. */
  readonly hasEnded: boolean;
}

export async function checkConnection(
  { id, fleet, hearing, run, timeoutMs }: Stage,
  { hearsConnections, hasEnded }: ConnectionFacts,
): Promise<Finding> {
  const check = "connection: named after the run";
  const name = `cliai bridge ${id} ${run() ?? "RUN"}`;
  const hint = `name the NATS connection "${name}", so that its loss is noticed at once`;
  if (!hearsConnections)
    return untried(
      check,
      "nats-server does not report connections to this server (--insecure, --nats-url)",
      hint,
    );
  const isKnown = await hearing.until(
    async () => {
      const named = (await fleet.find(id))?.record.connection?.instance_id;
      return named !== undefined && named === run();
    },
    hasEnded ? timeoutMs : lookMs,
  );
  if (isKnown !== true && !hasEnded)
    return untried(
      check,
      "nats-server has reported no connection of this run yet; the end of the connection would show its name",
      "add --stop",
    );
  const evidence = isKnown === true ? `nats-server reported "${name}"` : `nats-server reported no "${name}"`;
  return finding(check, isKnown === true, evidence, hint);
}
