/** @jsxImportSource hono/jsx */
// This room is the page of what was spent: sums, groups, and charts with tables.
//
// The page itself. It is made whole on the server, so that it needs no script; only the time zone comes from one.
import type { BudgetView } from "../../../domain/budgets/budget-view.ts";
import {
  type Grouping,
  groupings,
  type Period,
  periods,
  type Spent,
  type SpentGroup,
} from "../../../domain/spending/spending-report.ts";
import { countText } from "../../../domain/text/amounts.ts";
import { costText, tokensText } from "../../../domain/usage.ts";
import type { CostsReport } from "../../api/reports/costs-report.ts";
import { Moment } from "../parts/time.tsx";
import { BudgetLines } from "./budget-lines.tsx";
import { SpentChart } from "./spent-chart.tsx";

const periodNames: Readonly<Record<Period, string>> = {
  today: "Today",
  week: "This week",
  month: "This month",
  all: "All time",
};
const groupNames: Readonly<Record<Grouping, string>> = {
  agent: "Agent",
  model: "Model",
  project: "Project",
  profile: "Profile",
};

export interface CostsPageProps {
  readonly report: CostsReport;
  /** The zone was named in the address, and not by the browser's script. */
  readonly isZoneChosen: boolean;
  readonly budgets: readonly BudgetView[];
  /** Whether the agent has a page: a removed one has none. */
  readonly hasPage: (agent: string) => boolean;
}

export function CostsPage({ report, budgets, isZoneChosen, hasPage }: CostsPageProps) {
  const { zone, since, is_complete, last_hour } = report;
  const csv = `/api/usage.csv${isZoneChosen ? `?zone=${encodeURIComponent(zone)}` : ""}`;
  return (
    <div id="costs" class="report" data-zone={zone} data-zone-chosen={isZoneChosen ? "" : undefined}>
      <div class="report-head">
        <h1>Costs</h1>
        <p class="quiet">
          Days of the zone {zone} · <a href={csv}>Download as CSV</a>
        </p>
      </div>
      {!is_complete && (
        <p class="attention">The server still reads the history, so there may be more than you see.</p>
      )}
      <BudgetLines budgets={budgets} />
      {since === undefined ? (
        <Nothing />
      ) : (
        <>
          <Tiles report={report} />
          <Burn last_hour={last_hour} />
          <Groups report={report} hasPage={hasPage} />
          <DaysChart report={report} />
          <HoursChart report={report} />
          <p class="further quiet">
            All figures are estimates of the agents' CLIs, or of the agents themselves, since{" "}
            <Moment at={since} />. What was spent stays in the sums when an agent begins a new session or is
            removed. A cost that nobody has told is left blank.
          </p>
        </>
      )}
    </div>
  );
}

export function Burn({ last_hour }: Pick<CostsReport, "last_hour">) {
  return (
    <p id="costs-burn" class="burn">
      In the last hour: <b>{amountText(last_hour)}</b>
      {last_hour.cost !== undefined && `, ${tokensText(last_hour.tokens)} tokens`}
      {last_hour.agents > 0 && (
        <span class="quiet">
          {" "}
          · {last_hour.agents} {last_hour.agents === 1 ? "agent" : "agents"}
        </span>
      )}
    </p>
  );
}

/** The cost; the tokens if no cost is known. */
function amountText({ cost, tokens, agents }: Spent): string {
  if (cost !== undefined) return costText(cost);
  return agents === 0 ? "nothing" : `${tokensText(tokens)} tokens`;
}

export function DaysChart({ report }: { report: CostsReport }) {
  return <SpentChart id="days" title="The last 30 days" unit="Day" spans={report.days} />;
}

export function HoursChart({ report }: { report: CostsReport }) {
  return <SpentChart id="hours" title="The last 24 hours" unit="Hour" spans={report.hours} />;
}

/** How much of it the cost covers; undefined if it covers all. */
function coverage({ agents, told }: Spent): string | undefined {
  if (agents === told) return undefined;
  return told === 0 ? "cost not told" : `cost of ${told} of ${agents} agents`;
}

export function Tiles({ report }: { report: CostsReport }) {
  return (
    <dl id="costs-tiles" class="tiles">
      {periods.map((period) => {
        const spent = report.periods[period];
        const covered = coverage(spent);
        return (
          <div class="tile">
            <dt>{periodNames[period]}</dt>
            <dd>
              <b>{amountText(spent)}</b>
              {spent.cost !== undefined && (
                <span title={`${countText(spent.tokens)} tokens`}>{tokensText(spent.tokens)} tokens</span>
              )}
              {covered !== undefined && <span class="partly">{covered}</span>}
            </dd>
          </div>
        );
      })}
    </dl>
  );
}

export function Groups({ report, hasPage }: Pick<CostsPageProps, "report" | "hasPage">) {
  const { groups, by, period } = report;
  return (
    <section id="costs-groups" class="panel" aria-labelledby="title-groups">
      <h2 id="title-groups">
        {periodNames[period]} by {groupNames[by].toLowerCase()}
      </h2>
      <nav class="choices" aria-label="Period and grouping">
        <Choices
          name="period"
          words={periods}
          names={periodNames}
          chosen={period}
          address={(each) => addressOf(each, by)}
        />
        <Choices
          name="by"
          words={groupings}
          names={groupNames}
          chosen={by}
          address={(each) => addressOf(period, each)}
        />
      </nav>
      {groups.length === 0 ? (
        <p class="quiet">Nothing was spent in this time.</p>
      ) : (
        <section class="table-box" tabindex={0} aria-label="What was spent, by group">
          <table class="groups">
            <thead>
              <tr>
                <th scope="col">{groupNames[by]}</th>
                <th scope="col" class="number">
                  Cost
                </th>
                <td class="share" />
                <th scope="col" class="number">
                  Tokens
                </th>
                <th scope="col">Told by</th>
              </tr>
            </thead>
            <tbody>
              {groups.map((group) => (
                <GroupRow
                  group={group}
                  most={mostOf(groups)}
                  hasPage={by === "agent" && hasPage(group.name)}
                />
              ))}
            </tbody>
          </table>
        </section>
      )}
    </section>
  );
}

/** The highest cost of a group. */
export function mostOf(groups: readonly SpentGroup[]): number {
  return groups.reduce((most, { cost = 0 }) => Math.max(most, cost), 0);
}

export function groupRowId(name: string): string {
  return `spent-${encodeURIComponent(name)}`;
}

interface GroupRowProps {
  readonly group: SpentGroup;
  readonly most: number;
  /** Whether the group is an agent that has a page. */
  readonly hasPage: boolean;
}

export function GroupRow({ group: { name, cost, tokens, told, agents }, most, hasPage }: GroupRowProps) {
  return (
    <tr id={groupRowId(name)}>
      <th scope="row">{hasPage ? <a href={`/agents/${name}`}>{name}</a> : name}</th>
      <td class="number">{cost === undefined ? <span class="unseen">not told</span> : costText(cost)}</td>
      <td class="share" aria-hidden="true">
        {cost !== undefined && most > 0 && (
          <svg viewBox="0 0 100 8" preserveAspectRatio="none" aria-hidden="true">
            <rect width={((cost / most) * 100).toFixed(1)} height="8" />
          </svg>
        )}
      </td>
      <td class="number" title={countText(tokens)}>
        {tokensText(tokens)}
      </td>
      <td>
        {told} of {agents}
      </td>
    </tr>
  );
}

function addressOf(period: Period, by: Grouping): string {
  return `/costs?period=${period}&by=${by}`;
}

interface ChoicesProps<Word extends string> {
  readonly name: string;
  readonly words: readonly Word[];
  readonly names: Readonly<Record<Word, string>>;
  readonly chosen: Word;
  readonly address: (word: Word) => string;
}

function Choices<Word extends string>({ name, words, names, chosen, address }: ChoicesProps<Word>) {
  return (
    <ul class={`picks ${name}`}>
      {words.map((word) => (
        <li>
          <a href={address(word)} aria-current={word === chosen ? "true" : undefined}>
            {names[word]}
          </a>
        </li>
      ))}
    </ul>
  );
}

function Nothing() {
  return (
    <div class="panel">
      <p>
        <b>No agent has told yet what it uses.</b>
      </p>
      <p>
        A headless agent tells it after each turn. An agent on a terminal tells it by its CLI's telemetry, if
        the CLI has one (<code>cliai doctor</code> says what keeps it away), or itself with the tool{" "}
        <code>report_metrics</code>.
      </p>
    </div>
  );
}
