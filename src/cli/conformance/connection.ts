// Checks the name of the agent's connection, by what nats-server has told serve about it.
import { type Finding, finding, untried } from "./finding.ts";
import type { Stage } from "./stage.ts";

/** How long to look for the name of a connection that is still open. */
const lookMs = 2_000;

export interface ConnectionFacts {
  /** Whether this server hears from nats-server of connections that come and go. */
  readonly hearsConnections: boolean;
  /** Whether the agent was stopped. serve does not note how the connection of an agent that is new to it began, only how it ends. */
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
    return untried(check, "this server is not told of connections (--insecure, --nats-url)", hint);
  const isKnown = await hearing.until(
    async () => {
      const named = (await fleet.find(id))?.record.connection?.instance_id;
      return named !== undefined && named === run();
    },
    hasEnded ? timeoutMs : lookMs,
  );
  if (isKnown !== true && !hasEnded)
    return untried(check, "serve was told of none yet; its end would show the name", "add --stop");
  const evidence = isKnown === true ? `nats-server told of "${name}"` : `nats-server told of no "${name}"`;
  return finding(check, isKnown === true, evidence, hint);
}
