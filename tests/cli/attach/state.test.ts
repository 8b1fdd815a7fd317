import { describe, expect, test } from "bun:test";
import { type AttachEvent, firstAttachState, reduceAttach } from "../../../src/cli/attach/state.ts";
import type { ShownScreen } from "../../../src/domain/screen/picture.ts";

const screen = (typist?: ShownScreen["typist"]): ShownScreen => ({
  ...{ seq: 1, columns: 80, rows: 24, lines: [], hasWindow: false },
  typist,
});
const me = { viewer: "v-1", name: "kim" };
const bob = { viewer: "v-2", name: "bob" };

function viewerOf({ isReadOnly = false } = {}) {
  const detachKey = { byte: "\u001c", name: "ctrl-\\" };
  let state = firstAttachState({ id: "ada", viewer: me.viewer, isReadOnly, detachKey });
  const effects: string[] = [];
  const take = (event: AttachEvent) => {
    const step = reduceAttach(state, event);
    state = step.state;
    for (const effect of step.effects)
      effects.push(
        effect.type === "detach"
          ? "detach"
          : effect.type === "older"
            ? `older ${effect.from} ${effect.count}`
            : `${effect.act}${effect.over ? " over" : ""} ${effect.keys ?? ""}`.replace(/ $/, ""),
      );
  };
  return {
    take,
    press: (text: string) => take({ type: "input", text, height: 24 }),
    answer: (taken: boolean, typist?: typeof bob) =>
      take({
        type: "answer",
        answer: {
          taken,
          ...(taken ? {} : { why: `${typist?.name} types there`, ...(typist && { typist }) }),
        },
      }),
    role: () => state.role,
    state: () => state,
    effects: () => effects.splice(0),
  };
}

describe("reduceAttach()", () => {
  test("keys go to the agent once the host has given the keyboard, and none before", () => {
    const viewer = viewerOf();
    viewer.press("early");
    expect(viewer.effects()).toEqual([]);
    viewer.answer(true);
    viewer.press("ls\r");
    viewer.press("\u0003");
    expect(viewer.effects()).toEqual(["type ls\r", "type \u0003"]);
  });

  test("the key that leaves is not sent; what was typed before it is, and what comes behind it is not", () => {
    const viewer = viewerOf();
    viewer.answer(true);
    viewer.press("ab\u001ccd");
    expect(viewer.effects()).toEqual(["type ab", "detach"]);
  });

  test("if somebody else types, a key asks whether to take over, and only y does", () => {
    const viewer = viewerOf();
    viewer.answer(false, bob);
    expect([viewer.role(), viewer.state().other]).toEqual(["watching", "bob"]);
    viewer.press("x");
    viewer.press("x");
    expect([viewer.role(), viewer.effects()]).toEqual(["watching", []]);
    viewer.press("\r");
    expect(viewer.role()).toBe("confirming");
    viewer.press("y");
    expect([viewer.role(), viewer.effects()]).toEqual(["asking", ["take over"]]);
    viewer.answer(true);
    viewer.press("y");
    expect(viewer.effects()).toEqual(["type y"]);
  });

  test("who loses the keyboard to somebody else only watches, and is told who has it", () => {
    const viewer = viewerOf();
    viewer.answer(true);
    viewer.take({ type: "screen", screen: screen(me) });
    viewer.take({ type: "screen", screen: screen(bob) });
    expect(viewer.state()).toMatchObject({ role: "watching", note: "bob took the keyboard", other: "bob" });
    viewer.press("rm");
    expect(viewer.effects()).toEqual([]);
  });

  test("a keyboard that the host has forgotten is asked for again", () => {
    const viewer = viewerOf();
    viewer.answer(true);
    viewer.take({ type: "screen", screen: screen() });
    expect([viewer.role(), viewer.effects()]).toEqual(["asking", ["take"]]);
  });

  test("a key of somebody who watches asks for a free keyboard, and is not sent itself", () => {
    const viewer = viewerOf();
    viewer.take({ type: "unanswered" });
    expect(viewer.state()).toMatchObject({ role: "watching", note: "its host does not answer" });
    viewer.press("y");
    expect([viewer.role(), viewer.effects()]).toEqual(["asking", ["take"]]);
  });

  test("while the host is not heard, no key is sent: it could answer another question later", () => {
    const viewer = viewerOf();
    viewer.answer(true);
    viewer.take({ type: "trouble", trouble: "lost" });
    viewer.press("y");
    expect(viewer.effects()).toEqual([]);
    viewer.press("\u001c");
    expect(viewer.effects()).toEqual(["detach"]);
  });

  test("with --read-only no key is sent or asks for anything; Ctrl-C leaves, too", () => {
    const viewer = viewerOf({ isReadOnly: true });
    viewer.press("y\r");
    expect([viewer.role(), viewer.effects()]).toEqual(["watching", []]);
    viewer.press("\u0003");
    expect(viewer.effects()).toEqual(["detach"]);
  });

  test("a name has no character that a terminal obeys", () => {
    const viewer = viewerOf();
    viewer.answer(false, { viewer: "v-2", name: "b\u001b[2J" });
    expect(viewer.state()).toMatchObject({ other: "b\ufffd[2J", note: "b\ufffd[2J types there" });
  });

  test("while somebody looks back no key goes to the agent, and the one that leaves still leaves", () => {
    const viewer = viewerOf();
    viewer.answer(true);
    viewer.take({ type: "screen", screen: { ...screen(me), above: { from: 0, to: 50 } } });
    viewer.press("\u001b[5;3~");
    expect([viewer.effects(), viewer.state().back?.top]).toEqual([["older 0 50"], 27]);
    viewer.press("q");
    expect([viewer.effects(), viewer.state().back]).toEqual([[], undefined]);
    viewer.press("q");
    viewer.press("\u001b[5;3~");
    viewer.press("\u001c");
    expect(viewer.effects()).toEqual(["type q", "older 0 50", "detach"]);
  });
});
