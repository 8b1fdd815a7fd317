// What the report of an open page is made from.
import type { Server } from "../../../server/server.ts";
import type { AskedReport } from "../../api/reports/costs-report.ts";
import type { Doctor } from "../../api/reports/system-report.ts";

export interface LiveFacts {
  readonly server: Server;
  readonly doctor: Doctor | undefined;
  /** What the address of the page asks for. */
  readonly report: AskedReport;
  /** The sequence up to which the history was looked at when the page was made; 0 for none. */
  readonly newest: number;
  readonly now: () => Date;
}
