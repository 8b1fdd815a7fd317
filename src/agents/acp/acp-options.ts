// The answers that an ACP agent offers with a permission request. A person's one yes must not grant more than one call unseen, so an option
// that allows more is taken only if nothing else allows the call, and only with its words before the person's eyes.
import type { AcpPermission } from "./acp-messages.ts";

/** What a yes gives the agent. */
export interface Grant {
  readonly optionId: string;
  /** Whether it allows this call alone. */
  readonly isOnce: boolean;
  /** What the agent says that it allows. */
  readonly words: string;
}

/** The outcome of a request that gets no answer. */
export const cancelled = { outcome: { outcome: "cancelled" } };

/** Undefined if no option allows the call. */
export function grantOf({ options }: AcpPermission): Grant | undefined {
  const found =
    options.find(({ kind }) => kind === "allow_once") ?? options.find(({ kind }) => kind === "allow_always");
  if (found === undefined) return undefined;
  const { optionId, kind, name } = found;
  return { optionId, isOnce: kind === "allow_once", words: name ?? kind };
}

export function selected({ optionId }: Pick<Grant, "optionId">): object {
  return { outcome: { outcome: "selected", optionId } };
}

/** Refuses this call, and no later one: an option `reject_always` would refuse the calls of a whole session for a pause that held one. */
export function refusalOf({ options }: AcpPermission): object {
  const once = options.find(({ kind }) => kind === "reject_once");
  return once === undefined ? cancelled : selected(once);
}
