/** @jsxImportSource hono/jsx */
// What changes on an open system page besides its alerts and the agents' lag, which come at once: all that must be asked for.
import { makeSystemReport } from "../../api/reports/system-report.ts";
import type { Part } from "../changed-parts.ts";
import type { LiveFacts } from "../live/live-facts.ts";
import { ChecksPanel } from "./checks-panel.tsx";
import { NodesPanel } from "./nodes-panel.tsx";
import { AsOf, MalformedPanel, NatsPanel, StorePanel } from "./system-page.tsx";

export async function systemReportParts({ server, doctor, listNodes, now }: LiveFacts): Promise<Part[]> {
  const at = now();
  const report = await makeSystemReport(server, { doctor, listNodes }, at);
  const props = { report, now: at };
  return [
    { id: "system-at", part: <AsOf {...props} />, key: report.at },
    { id: "system-nats", part: <NatsPanel {...props} /> },
    { id: "system-nodes", part: <NodesPanel nodes={report.nodes} now={at} /> },
    { id: "system-store", part: <StorePanel {...props} /> },
    { id: "checks", part: <ChecksPanel run={report.doctor} canCheck={doctor !== undefined} now={at} /> },
    { id: "malformed", part: <MalformedPanel {...props} /> },
  ];
}
