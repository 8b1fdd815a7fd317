// What the report of an open page is made from.
import type { Server } from "../../../server/server.ts";
import type { Caller } from "../../access/caller.ts";
import type { AskedReport } from "../../api/reports/costs-report.ts";
import type { Doctor, ListNodes } from "../../api/reports/system-report.ts";

export interface LiveFacts {
  readonly server: Server;
  readonly doctor: Doctor | undefined;
  readonly listNodes?: ListNodes | undefined;
  /** What the address of the page asks for. */
  readonly report: AskedReport;
  /** The sequence up to which the history was looked at when the page was made; 0 for none. */
  readonly newest: number;
  /** Whoever looks at the page. */
  readonly viewer?: Caller;
  readonly now: () => Date;
}
