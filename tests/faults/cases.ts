// The cells of the fault matrix: whom a fault strikes, how, and at which step of a command's or of a request's life.
import type { Random } from "./random.ts";

export const targets = ["serve", "nats-server", "bridge", "sender"] as const;
export type Target = (typeof targets)[number];

/** `cut` and `stall` are a proxy's: the one ends the connection, the other holds it back in silence. */
export const faults = ["SIGKILL", "SIGSTOP", "cut", "stall"] as const;
export type Fault = (typeof faults)[number];

/** `session ended`: that of the agent, between the receipt `injected` of what it was handed and its taking that up. */
export const commandSteps = ["stored", "delivered", "handed over", "session ended", "acknowledged"] as const;
export const requestSteps = ["asked", "answered", "told"] as const;
export const steps = [...commandSteps, ...requestSteps] as const;
export type Step = (typeof steps)[number];

export interface Case {
  readonly target: Target;
  readonly fault: Fault;
  readonly step: Step;
}

export function isRequestStep(step: Step): boolean {
  return (requestSteps as readonly Step[]).includes(step);
}

/**
 * Whether the agent whose bridge is struck may be given once more what it has: the bridge ended, or was held up, before it
 * could confirm that, or its session ended before it took that up. Nobody else is ever given anything twice.
 */
export function mayGiveAgain({ target, fault, step }: Case): boolean {
  if (step === "session ended") return true;
  return target === "bridge" && (fault === "SIGKILL" || step === "handed over" || step === "told");
}

export const allCases: readonly Case[] = targets.flatMap((target) =>
  faults.flatMap((fault) => steps.map((step) => ({ target, fault, step }))),
);

/** `serve/SIGKILL/handed-over` */
export function nameOf({ target, fault, step }: Case): string {
  return `${target}/${fault}/${step.replace(" ", "-")}`;
}

/** The cases whose names begin so; all for an empty text. */
export function casesNamed(text: string): readonly Case[] {
  return allCases.filter((each) => nameOf(each).startsWith(text));
}

/** How long a fault lasts, in ms. What was killed is started again after that time, where nobody else does it. */
export interface Durations {
  readonly SIGKILL: number;
  readonly SIGSTOP: number;
  readonly cut: number;
  readonly stall: number;
}

export const longDurations: Durations = { SIGKILL: 300, SIGSTOP: 20_000, cut: 5_000, stall: 20_000 };
export const shortDurations: Durations = { SIGKILL: 100, SIGSTOP: 3_000, cut: 1_500, stall: 3_000 };

/** One command of the traffic: when it is sent after the beginning of the case, and whether it may expire. */
export interface PlannedCommand {
  readonly commandId: string;
  readonly agent: number;
  readonly type: "task" | "pause" | "resume";
  readonly atMs: number;
  readonly expiresInS: number | undefined;
}

const trafficTypes: readonly [PlannedCommand["type"], ...PlannedCommand["type"][]] = [
  "task",
  "task",
  "pause",
  "resume",
];

/** Two to four commands for each agent, spread over the time; one of six may expire on its way. */
export function planTraffic(
  random: Random,
  prefix: string,
  agents: number,
  spanMs: number,
): PlannedCommand[] {
  return Array.from({ length: agents }, (_, agent) =>
    Array.from({ length: random.between(2, 4) }, (_, n) => ({
      commandId: `${prefix}-${agent}-${n}`,
      agent,
      type: random.pick(trafficTypes),
      atMs: random.between(0, spanMs),
      expiresInS: random.next() < 1 / 6 ? random.between(1, 3) : undefined,
    })),
  )
    .flat()
    .sort((a, b) => a.atMs - b.atMs);
}
