// What a viewer of a terminal does, step by step. Pure: screens, answers and keys go in, the next state and messages to the host come out.
import type { OlderPicture, ShownScreen } from "../../domain/screen/picture.ts";
import type { Keys, KeysAnswer } from "../../domain/screen/screen-messages.ts";
import { harmless } from "../../domain/text/harmless.ts";
import { keepLooking, type LookBack, lookBack, type RowsAsked, takeOlder } from "./look-back.ts";

/**
 * `asking`: the keyboard was asked for, and the host has not answered. `typing`: the keys go to the agent. `watching`: they do not.
 * `confirming`: somebody else types, and the person is asked whether to take over.
 */
export type Role = "asking" | "typing" | "watching" | "confirming";

export interface AttachState {
  readonly id: string;
  readonly viewer: string;
  readonly role: Role;
  /** Whether the keyboard is never asked for. */
  readonly isReadOnly: boolean;
  readonly detachKey: DetachKey;
  readonly screen: ShownScreen | undefined;
  /** What has happened to the keyboard, or why it was not given; for the last row. */
  readonly note: string | undefined;
  /** Who types, if it is somebody else. */
  readonly other: string | undefined;
  /** Why no keys can reach the host now; undefined if they can. */
  readonly trouble: string | undefined;
  /** What has left the screen, while the person looks at it; undefined while they see the present screen. */
  readonly back: LookBack | undefined;
}

export interface DetachKey {
  /** The byte that the terminal sends. */
  readonly byte: string;
  readonly name: string;
}

export type AttachEvent =
  | { readonly type: "screen"; readonly screen: ShownScreen }
  | { readonly type: "answer"; readonly answer: Pick<KeysAnswer, "taken" | "why" | "typist"> }
  /** No answer has come in time. */
  | { readonly type: "unanswered" }
  /** @param height the rows for the agent's screen */
  | { readonly type: "input"; readonly text: string; readonly height: number }
  | { readonly type: "older"; readonly rows: OlderPicture }
  | { readonly type: "trouble"; readonly trouble: string | undefined };

export type AttachEffect =
  | { readonly type: "detach" }
  /** Asks for rows that have left the screen. */
  | { readonly type: "older"; readonly from: number; readonly count: number }
  | ({ readonly type: "send" } & Pick<Keys, "act" | "keys" | "over">);

export interface AttachStep {
  readonly state: AttachState;
  readonly effects: readonly AttachEffect[];
}

export function firstAttachState(
  options: Pick<AttachState, "id" | "viewer" | "isReadOnly" | "detachKey">,
): AttachState {
  const role = options.isReadOnly ? "watching" : "asking";
  const nothing = {
    screen: undefined,
    note: undefined,
    other: undefined,
    trouble: undefined,
    back: undefined,
  };
  return { ...options, ...nothing, role };
}

const interrupt = "\u0003";
const take: AttachEffect = { type: "send", act: "take" };

export function reduceAttach(state: AttachState, event: AttachEvent): AttachStep {
  switch (event.type) {
    case "screen":
      return withBack(
        takeScreen({ ...state, screen: event.screen, trouble: undefined }),
        state,
        event.screen,
      );
    case "answer":
      return only(takeAnswer(state, event.answer));
    case "unanswered":
      return only(
        state.role === "asking" ? { ...state, role: "watching", note: "its host does not answer" } : state,
      );
    case "input":
      return takeInput(state, event);
    case "older":
      return only({ ...state, back: takeOlder(state.back, event.rows) });
    case "trouble":
      return only({ ...state, trouble: event.trouble });
  }
}

function only(state: AttachState): AttachStep {
  return { state, effects: [] };
}

function withBack({ state, effects }: AttachStep, before: AttachState, screen: ShownScreen): AttachStep {
  const { back, ask } = keepLooking(before.back, before.screen, screen);
  return { state: { ...state, back }, effects: [...effects, ...olderOf(ask)] };
}

function olderOf(ask: RowsAsked | undefined): readonly AttachEffect[] {
  return ask === undefined ? [] : [{ type: "older", ...ask }];
}

function takeScreen(state: AttachState): AttachStep {
  const { typist } = state.screen ?? {};
  const isOther = typist !== undefined && typist.viewer !== state.viewer;
  const other = isOther ? typist.name : undefined;
  if (state.role !== "typing" || typist?.viewer === state.viewer) return only({ ...state, other });
  if (isOther) return only({ ...state, other, role: "watching", note: `${typist.name} took the keyboard` });
  // The host has forgotten it, for example while the connection was lost.
  return { state: { ...state, other, role: "asking" }, effects: [take] };
}

function takeAnswer(
  state: AttachState,
  { taken, why = "", typist }: Pick<KeysAnswer, "taken" | "why" | "typist">,
): AttachState {
  if (taken) return state.role === "asking" ? { ...state, role: "typing", note: undefined } : state;
  if (state.role !== "asking" && state.role !== "typing") return state;
  const other = typist === undefined ? undefined : harmless(typist.name);
  return { ...state, role: "watching", other, note: harmless(why) };
}

function takeInput(state: AttachState, { text, height }: { text: string; height: number }): AttachStep {
  const at = text.indexOf(state.detachKey.byte);
  if (at !== -1) {
    const before = takeKeys(state, text.slice(0, at));
    return { state: before.state, effects: [...before.effects, { type: "detach" }] };
  }
  const looked = lookBack(state, text, height);
  if (looked === undefined) return takeKeys(state, text);
  const { back, ask } = looked;
  return { state: { ...state, back }, effects: olderOf(ask) };
}

function takeKeys(state: AttachState, keys: string): AttachStep {
  // Keys that come later than they were pressed could answer another question.
  if (keys === "" || state.trouble !== undefined) return only(state);
  if (state.role === "typing") return { state, effects: [{ type: "send", act: "type", keys }] };
  // Whoever only watches may leave as any program is left.
  if (state.isReadOnly)
    return keys.includes(interrupt) ? { state, effects: [{ type: "detach" }] } : only(state);
  if (state.role === "confirming") {
    if (!/^[yY]/.test(keys)) return only({ ...state, role: "watching", note: undefined });
    return { state: { ...state, role: "asking" }, effects: [{ type: "send", act: "take", over: true }] };
  }
  if (state.role === "asking") return only(state);
  if (state.other !== undefined) return only({ ...state, role: "confirming" });
  return { state: { ...state, role: "asking", note: undefined }, effects: [take] };
}
