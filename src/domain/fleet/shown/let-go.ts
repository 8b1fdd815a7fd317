// Says whether a resume changes something for an agent. Pure.
import { limitFailureOf } from "../../limits/limited-agent.ts";
import type { AgentView } from "../agent-view.ts";
import { isHeldBack } from "../axes.ts";

/**
 * What a resume ends: `paused`, also while the agent is only about to be; or `at a usage limit`: its last turn has failed there, so its host keeps
 * texts from it. Undefined if a resume changes nothing.
 */
export function keptBack(view: AgentView): "paused" | "at a usage limit" | undefined {
  const { control } = view.axes;
  if (isHeldBack(view.axes) || control.value === "pause_requested") return "paused";
  const isAtLimit = control.value === "running" && limitFailureOf(view) !== undefined;
  return isAtLimit ? "at a usage limit" : undefined;
}

/** Whether a resume would change something. */
export function canBeLetGo(view: AgentView): boolean {
  return keptBack(view) !== undefined;
}
