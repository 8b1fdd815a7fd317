// The answers that an ACP agent offers with a permission request. A person who says yes must know which calls that allows. So an option that
// allows more than this call is used only if no other option allows the call, and the person is shown the option's words.
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

/** Refuses this call only. `reject_always` would refuse all later calls of the session, too, even if only a pause was the reason. */
export function refusalOf({ options }: AcpPermission): object {
  const once = options.find(({ kind }) => kind === "reject_once");
  return once === undefined ? cancelled : selected(once);
}
