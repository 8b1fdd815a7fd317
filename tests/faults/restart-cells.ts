// The cells of the matrix in which serve ends, by SIGKILL or in order, and another one starts: what that forgets
// (forgotten-orders.ts), and the agents that it has launched (launched-cells.ts). Each has servers of its own.
import { runForgotten } from "./forgotten-orders.ts";
import { runLaunched } from "./launched-cells.ts";

/** SIGTERM is an orderly end. */
export const serveEnds = ["SIGKILL", "SIGTERM"] as const;
export type ServeEnd = (typeof serveEnds)[number];

/**
 * `sent again`: a task that was applied is sent again under its id, and nothing remembers it any more. `captain told`: nothing
 * remembers that a captain was told of a request that is still open.
 */
export const forgottenSteps = ["sent again", "captain told"] as const;
export type ForgottenStep = (typeof forgottenSteps)[number];

/**
 * What an agent that serve has launched finds when it is launched again: files that name the process id of another program, or one
 * of another boot of the machine; a CLI that refuses to resume its session; a CLI whose start takes longer than a request may.
 */
export const launchedSteps = ["pid reused", "other boot", "resume refused", "slow start"] as const;
export type LaunchedStep = (typeof launchedSteps)[number];

export interface RestartCell {
  /** `serve/SIGKILL/sent-again`, `launched/SIGTERM/slow-start` */
  readonly name: string;
  /** @returns what the matrix prints of it */
  run(): Promise<object>;
}

export const restartCells: readonly RestartCell[] = serveEnds.flatMap((end) => [
  ...forgottenSteps.map((step) => ({
    name: cellName("serve", end, step),
    run: () => runForgotten(end, step),
  })),
  ...launchedSteps.map((step) => ({
    name: cellName("launched", end, step),
    run: () => runLaunched(end, step),
  })),
]);

function cellName(target: string, end: ServeEnd, step: string): string {
  return `${target}/${end}/${step.replace(" ", "-")}`;
}
