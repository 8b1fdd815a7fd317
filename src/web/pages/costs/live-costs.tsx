/** @jsxImportSource hono/jsx */
// What changes on an open costs page: its figures, in place. The groups keep their order while the page is open, so that no row moves.
import { isAgentId } from "../../../domain/wire/agent-id.ts";
import { makeCostsReport } from "../../api/reports/costs-report.ts";
import type { Part } from "../changed-parts.ts";
import type { LiveFacts } from "../live/live-facts.ts";
import { BudgetLines, budgetsId } from "./budget-lines.tsx";
import {
  Burn,
  CostsPage,
  DaysChart,
  GroupRow,
  Groups,
  groupRowId,
  HoursChart,
  mostOf,
  Tiles,
} from "./costs-page.tsx";

/** Returns a function that makes the parts of one open page. */
export function createCostsParts({ server, report: asked, now }: LiveFacts): () => Part[] {
  /** The groups that the page has, in their order on it. */
  let names = makeCostsReport(asked, server.spending, now()).groups.map(({ name }) => name);
  let isFirst = true;
  let wasEmpty = server.spending.sessions().length === 0;
  const hasPage = (agent: string) => isAgentId(agent) && server.fleet.get(agent) !== undefined;
  return () => {
    const made = makeCostsReport(asked, server.spending, now());
    const budgets = server.budgets.list();
    const limits = { id: budgetsId, part: <BudgetLines budgets={budgets} /> };
    if (made.since === undefined) return [limits];
    if (wasEmpty) {
      wasEmpty = false;
      names = made.groups.map(({ name }) => name);
      const isZoneChosen = asked.asked("zone") !== undefined;
      const page = { report: made, budgets, isZoneChosen, hasPage };
      return [{ id: "costs", part: <CostsPage {...page} /> }];
    }
    const place = new Map(names.map((name, index) => [name, index]));
    const placeOf = (name: string) => place.get(name) ?? place.size;
    const groups = made.groups.toSorted((a, b) => placeOf(a.name) - placeOf(b.name));
    const report = { ...made, groups };
    const isSame = names.length === groups.length && groups.every(({ name }) => place.has(name));
    const isWhole = isFirst || !isSame;
    isFirst = false;
    names = groups.map(({ name }) => name);
    const most = mostOf(groups);
    const frame = [
      limits,
      { id: "costs-tiles", part: <Tiles report={report} /> },
      { id: "costs-burn", part: <Burn last_hour={report.last_hour} /> },
      { id: "costs-days", part: <DaysChart report={report} /> },
      { id: "costs-hours", part: <HoursChart report={report} /> },
    ];
    // A group has come, perhaps while the page was opened: it stands at the end of the table.
    if (isWhole) {
      return [...frame, { id: "costs-groups", part: <Groups report={report} hasPage={hasPage} /> }];
    }
    const rows = groups.map((group) => ({
      id: groupRowId(group.name),
      part: <GroupRow group={group} most={most} hasPage={report.by === "agent" && hasPage(group.name)} />,
    }));
    return [...frame, ...rows];
  };
}
