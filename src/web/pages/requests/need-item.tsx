/** @jsxImportSource hono/jsx */
// What needs a person and is no request with an answer: one agent that is stuck, has failed or has died, or several for one cause.
import type { AgentView } from "../../../domain/fleet/agent-view.ts";
import type { FleetNeed, NeedGroup } from "../../../domain/fleet/needs/fleet-needs.ts";
import { needVerb, needWords } from "../../../domain/fleet/needs/need.ts";
import { Age } from "../parts/time.tsx";
import { BlockedLine } from "./blocked-line.tsx";
import { NeedActs } from "./need-acts.tsx";

interface NeedItemProps {
  readonly group: NeedGroup;
  readonly viewOf: (id: string) => AgentView | undefined;
  readonly now: Date;
  /** Whether this is on the agent's own page. */
  readonly isOwnPage?: boolean;
}

export function NeedItem(props: NeedItemProps) {
  const { group, isOwnPage = false } = props;
  const [first, ...others] = group.needs;
  return (
    // Can have the focus, because it gets it when the item before it is over.
    <li id={needId(first)} class="request need" data-asker={first.agent_id} tabindex={-1}>
      {others.length > 0 ? (
        <SeveralAgents {...props} />
      ) : (
        <OneAgent {...props} need={first} isOwnPage={isOwnPage} />
      )}
      <NeedActs {...props} />
    </li>
  );
}

/** The same for the same need, so that it keeps its place on an open page. */
export function needId({ agent_id, kind, since, request_id }: FleetNeed): string {
  return `need-${request_id ?? `${agent_id}-${kind}-${since.replace(/\D/g, "")}`}`;
}

function OneAgent({ need, isOwnPage = false, now }: NeedItemProps & { need: FleetNeed }) {
  const { agent_id, kind, reason, hint, since, blocks } = need;
  return (
    <>
      {isOwnPage ? (
        <h3>
          It {needVerb(kind)} <Age at={since} now={now} />
        </h3>
      ) : (
        <h2>
          <a href={`/agents/${agent_id}`}>{agent_id}</a> {needVerb(kind)} <Age at={since} now={now} />
        </h2>
      )}
      <p class="attention">{reason}</p>
      {hint !== undefined && <p>{hint}</p>}
      <BlockedLine blocks={blocks} isGone={isGone(need)} isOwnPage={isOwnPage} />
    </>
  );
}

function SeveralAgents({ group, now }: NeedItemProps) {
  const { kind, cause, hint, needs } = group;
  return (
    <>
      <h2>
        {kind === "stuck" || kind === "error" ? cause : `${needWords(kind)}: ${cause}`} · {needs.length}{" "}
        agents <Age at={needs[0].since} now={now} />
      </h2>
      {hint !== undefined && <p>{hint}</p>}
      <ul class="need-agents">
        {needs.map((need) => (
          <li>
            <p>
              <a href={`/agents/${need.agent_id}`}>{need.agent_id}</a> <Age at={need.since} now={now} />
            </p>
            <BlockedLine blocks={need.blocks} isGone={isGone(need)} />
          </li>
        ))}
      </ul>
    </>
  );
}

function isGone({ kind }: FleetNeed): boolean {
  return kind === "died" || kind === "lost" || kind === "failed_to_start";
}
