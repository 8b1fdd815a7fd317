// What an alert means, and what a person can do about it. One row for each kind of alert.
import type { Alert } from "../wire/messages.ts";

export interface AlertAdvice {
  /** What it is, in a few words for a heading. */
  readonly title: string;
  /** What brings such an alert about. */
  readonly cause: string;
  /** What to do. */
  readonly action: string;
  /** A page of the dashboard to go to. */
  readonly page?: string;
  /** When it ends by itself. */
  readonly ends: string;
}

const quietEnd = "It ends ten minutes after the last one.";

const advice: Readonly<Record<string, (alert: Alert) => AlertAdvice>> = {
  silent: ({ agent_id }) => ({
    title: "An agent is silent",
    cause: "Its host has sent no sign of life in time, or its connection broke without a goodbye.",
    action: `Look at its host's log, and start it again if its process is gone: cliai resume ${agent_id ?? "AGENT"}`,
    ends: "It ends when the agent is heard again, or is stopped or removed.",
  }),
  crashed: ({ agent_id }) => ({
    title: "An agent has crashed",
    cause: "Its CLI or its host ended without being told to.",
    action: `See its last events, then start it again: cliai resume ${agent_id ?? "AGENT"}`,
    ends: "It ends when the agent is back, or is stopped or removed.",
  }),
  id_refused: () => ({
    title: "An agent's id is refused",
    cause: "Another known agent has the same id except for the case of its letters.",
    action: "Launch it with another name: cliai spawn --id NAME",
    ends: quietEnd,
  }),
  refused: () => ({
    title: "NATS has refused an act",
    cause:
      "A connection used a subject that its credentials do not allow, or claimed to be another agent. A program with old credentials does so, and one that tries to do what it may not.",
    action: "See which agent it is; if it is not yours, take its credentials away: cliai agents revoke AGENT",
    ends: quietEnd,
  }),
  malformed: () => ({
    title: "Messages cannot be read",
    cause: "Something publishes messages that are not JSON, or that break their schema.",
    action:
      "See the messages below, and correct the program that sends them (docs/protocol.md has the fields)",
    page: "#malformed",
    ends: quietEnd,
  }),
  transcript_lost: ({ agent_id }) => ({
    title: "A transcript has gaps",
    cause:
      "The agent's host could not store entries of the conversation: the store took none for minutes, the connection was away for long, or the session ended first. The transcript says where entries are missing.",
    action: `See why in the agent's log, and whether the store has room: cliai log ${agent_id ?? "AGENT"}; cliai doctor`,
    ends: quietEnd,
  }),
  same_file: () => ({
    title: "Two agents change the same file",
    cause:
      "Both have changed it within a few minutes, or one has changed what the other has reserved. One of them may undo what the other did.",
    action:
      "Look at what they do; both are told of it. Pause one, or tell them who goes on: cliai send pause AGENT. Agents with worktrees of their own meet only at the merge: cliai spawn --worktree",
    ends: quietEnd,
  }),
  hook_failed: () => ({
    title: "A hook of yours fails",
    cause:
      "hooks.json has a mistake, or a command in it cannot be started, ended with an error or took too long.",
    action: "Correct it in hooks.json of the data directory, which is read again at once; see: cliai doctor",
    ends: "It ends when the hook runs well, or is removed.",
  }),
  notify_failed: () => ({
    title: "A target of your notifications fails",
    cause:
      "notify.json has a mistake, or a target cannot be reached or refuses what it is told. Nothing is lost: it is tried again.",
    action: "See which and why, and try it: cliai notify; cliai notify test",
    ends: "It ends when the target is told again, or is removed.",
  }),
  push_failed: () => ({
    title: "A browser cannot be sent push messages",
    cause:
      "Its push service cannot be reached, or refuses what it is sent. Nothing is lost: it is tried again.",
    action: "See which and why, and try it: cliai notify; cliai notify test",
    ends: "It ends when the browser can be sent messages, or has turned them off.",
  }),
  budget_near: () => ({
    title: "A budget is nearly used up",
    cause: "80 % of what its agents may spend is spent.",
    action: "See what was spent, and give it more if it should go on: cliai budget; cliai budget raise",
    page: "/costs",
    ends: "It ends when the budget is used up, raised or removed, or with its run, day or month.",
  }),
  budget_reached: () => ({
    title: "A budget is used up",
    cause: "Its agents have spent what they may.",
    action: "Its agents are held: answer the request in the inbox with how much more, or stop",
    page: "/inbox",
    ends: "It ends when the budget is raised or removed, or with its run, day or month.",
  }),
  budget_stopped: () => ({
    title: "A hard budget is used up",
    cause: "Its agents have spent what they may, and are stopped.",
    action:
      "See who has spent it, and raise it before they are started again: cliai budget; cliai budget raise",
    page: "/costs",
    ends: "It ends when the budget is raised or removed, or with its run, day or month.",
  }),
  budget_unknown: () => ({
    title: "A budget cannot be measured",
    cause:
      "Its agents use tokens whose cost no CLI has told, of a model without a price: they do not count towards it.",
    action:
      "Give the model a price in prices.json of the data directory, or set a budget in tokens: cliai budget set",
    page: "/costs",
    ends: "It ends when the price is known, or with the run, day or month.",
  }),
  watchdog: ({ agent_id }) => ({
    title: "An agent may get nowhere",
    cause: "The watchdog of its profile has found what it looks for.",
    action: `See what it does, and tell it what to do instead, or stop it: cliai log ${agent_id ?? "AGENT"}; cliai send`,
    ends: "It ends when that is over, or with the agent's run.",
  }),
  watchdog_held: ({ agent_id }) => ({
    title: "An agent may get nowhere, and is held",
    cause: "The watchdog of its profile has found what it looks for.",
    action: `See what it does, and let it go on or stop it: cliai log ${agent_id ?? "AGENT"}; cliai resume; cliai send stop`,
    ends: "It ends when that is over, or with the agent's run.",
  }),
  escalated: () => ({
    title: "A captain passes a request on to you",
    cause: "A captain was asked for a decision, and has left it to a person.",
    action: "Answer the request in the inbox",
    page: "/inbox",
    ends: "It ends when the request is decided.",
  }),
  store_damaged: () => ({
    title: "The store has lost data",
    cause: "After a crash or a full disk, the streams lack messages that were stored before.",
    action: "Read what is lost, then acknowledge it: cliai doctor --close-damage",
    ends: "It ends when a person acknowledges it.",
  }),
};

/** For a kind that this version does not know, the alert's own message has to be enough. */
export function adviceOn(alert: Alert): AlertAdvice {
  return (
    advice[alert.kind]?.(alert) ?? {
      title: alert.kind.replaceAll("_", " "),
      cause: alert.message,
      action: "Run all checks: cliai doctor",
      ends: "It ends when its cause does.",
    }
  );
}
