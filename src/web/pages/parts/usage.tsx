/** @jsxImportSource hono/jsx */
// What agents have used: tokens, cost, and how full the model's context window is. All figures are marked as estimates, with their age.

import type { AgentView } from "../../../domain/fleet/agent-view.ts";
import type { Spent } from "../../../domain/spending/spending-report.ts";
import {
  contextFilled,
  contextText,
  costText,
  estimatedBy,
  type KnownUsage,
  tokensText,
} from "../../../domain/usage.ts";
import { Age } from "./time.tsx";

/** What the fleet has spent today, for the bar at the top. */
export function UsageTotal({ today }: { today: Spent }) {
  const { cost, tokens, agents, told } = today;
  const of = told === agents ? "" : `; the cost is that of ${told} of ${agents} agents`;
  return (
    <a
      id="usage-total"
      class="usage-total"
      href="/costs"
      title={`Spent today, by the estimate of the agents and their CLIs: ${tokensText(tokens)} tokens${of}`}
    >
      {agents === 0 ? (
        <span class="quiet">no cost told today</span>
      ) : (
        <>
          <b>{cost === undefined ? `${tokensText(tokens)} tokens` : costText(cost)}</b>{" "}
          <span class="quiet">today, est.</span>
        </>
      )}
    </a>
  );
}

/** One line for a card; nothing if nothing is known. */
export function UsageLine({ usage }: { usage: KnownUsage | undefined }) {
  if (usage === undefined) return null;
  const { estimated_cost, tokens_used } = usage;
  const percent = contextFilled(usage);
  const told =
    estimated_cost === undefined
      ? tokens_used !== undefined && `${tokensText(tokens_used)} tokens`
      : costText(estimated_cost);
  if (percent === undefined && told === false) return null;
  return (
    <p class="usage-line" title={`${estimatedBy(usage)} of ${usage.at}`}>
      {percent !== undefined && (
        <>
          <Gauge percent={percent} /> context {percent} %
        </>
      )}
      {told !== false && (
        <span class="cost">
          {told} <span class="quiet">est.</span>
        </span>
      )}
    </p>
  );
}

export function UsagePanel({ view, now }: { view: AgentView; now: Date }) {
  const { usage } = view;
  return (
    <section id="agent-usage" class="panel" aria-labelledby="title-usage">
      <h2 id="title-usage">Usage</h2>
      {usage === undefined ? (
        <p class="quiet">
          None reported yet. A headless agent reports it after each turn; any other with the tool{" "}
          <code>report_metrics</code>.
        </p>
      ) : (
        <Figures usage={usage} now={now} />
      )}
    </section>
  );
}

function Figures({ usage, now }: { usage: KnownUsage; now: Date }) {
  const percent = contextFilled(usage);
  const context = contextText(usage);
  const { model, tokens_used, estimated_cost, failed_tests, at } = usage;
  return (
    <>
      {context !== undefined && (
        <p class="context">
          <span>Context: {context}</span>
          {percent !== undefined && <Gauge percent={percent} />}
        </p>
      )}
      <dl class="details">
        <Row name="model" value={model} />
        <Row name="cost" value={estimated_cost === undefined ? undefined : costText(estimated_cost)} />
        <Row name="tokens" value={tokens_used?.toLocaleString("en")} />
        {failed_tests !== undefined && <Row name="failed tests" value={String(failed_tests)} />}
      </dl>
      <p class="quiet">
        By {estimatedBy(usage)}, <Age at={at} now={now} />.
      </p>
    </>
  );
}

function Row({ name, value }: { name: string; value: string | undefined }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{value ?? <span class="quiet">unknown</span>}</dd>
    </div>
  );
}

/** A bar. It is hidden from screen readers, because the text beside it says the same. */
function Gauge({ percent }: { percent: number }) {
  const fill = percent >= 90 ? "fill full" : "fill";
  return (
    <svg class="gauge" viewBox="0 0 100 8" preserveAspectRatio="none" aria-hidden="true">
      <rect width="100" height="8" />
      <rect class={fill} width={percent} height="8" />
    </svg>
  );
}
