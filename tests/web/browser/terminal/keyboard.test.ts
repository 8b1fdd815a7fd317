// Who types at the agent's terminal, by the script of the typing page, and which keys are sent.
import { expect, test } from "bun:test";
import { join } from "node:path";
import { until } from "../../../support/wait-for.ts";

interface Keys {
  readonly act: "take" | "type" | "leave";
  readonly keys?: string;
  readonly over?: boolean;
}
type Answer = { readonly taken: boolean; readonly why?: string; readonly typist?: string };
interface State {
  readonly role: "watching" | "asking" | "typing";
  readonly other: string | undefined;
  readonly note: string;
  readonly trouble: string;
}
interface Keyboard {
  state(): State;
  take(ask: { over: boolean; columns: number; rows: number }): Promise<void>;
  press(keys: string): boolean;
  leave(): Promise<void>;
  hear(typist: { name: string; is_you: boolean } | undefined): void;
  setTrouble(trouble: string): void;
  forget(): void;
}
const script = join(import.meta.dirname, "../../../../src/web/browser/terminal/keyboard.js");
const { createKeyboard, keyboardWords } = (await import(script)) as {
  readonly createKeyboard: (options: {
    send: (keys: Keys) => Promise<Answer>;
    onChange: (state: State) => void;
    nowMs: () => number;
  }) => Keyboard;
  readonly keyboardWords: (state: State) => string;
};

const ask = { over: false, columns: 80, rows: 24 };

function keyboardWith(answer: (keys: Keys) => Answer | Promise<Answer> = () => ({ taken: true })) {
  const sent: Keys[] = [];
  let nowMs = 0;
  const keyboard = createKeyboard({
    async send(keys) {
      sent.push(keys);
      return await answer(keys);
    },
    onChange: () => undefined,
    nowMs: () => nowMs,
  });
  keyboard.setTrouble("");
  return {
    ...{ keyboard, sent },
    words: () => keyboardWords(keyboard.state()),
    pass: (ms: number) => {
      nowMs += ms;
    },
  };
}

test("no key is sent before the keyboard is taken, and all are, in order, one message at a time, afterwards", async () => {
  const first = Promise.withResolvers<Answer>();
  const { keyboard, sent, words } = keyboardWith((keys) =>
    keys.keys === "a" ? first.promise : { taken: true },
  );
  expect([keyboard.press("x"), words()]).toEqual([false, "Nobody types from elsewhere."]);
  await keyboard.take(ask);
  expect([keyboard.press("a"), keyboard.press("b"), keyboard.press("\r"), words()]).toEqual([
    true,
    true,
    true,
    "You type.",
  ]);
  expect(sent.map(({ keys }) => keys)).toEqual([undefined, "a"]);
  first.resolve({ taken: true });
  await until("the others are sent, too", () => sent.length === 3);
  expect(sent[2]).toEqual({ act: "type", keys: "b\r" });
  await keyboard.leave();
  expect([sent[3]?.act, keyboard.press("x"), sent.length]).toEqual(["leave", false, 4]);
});

test("whoever else types has to be taken over expressly, and may take the keyboard back", async () => {
  const { keyboard, sent, words } = keyboardWith(({ over }) =>
    over === true ? { taken: true } : { taken: false, why: "kim types there", typist: "kim" },
  );
  keyboard.hear({ name: "kim", is_you: false });
  expect(words()).toBe("kim types there.");
  await keyboard.take(ask);
  expect(words()).toBe("The keyboard is not yours: kim types there.");
  await keyboard.take({ ...ask, over: true });
  expect(sent.at(-1)).toEqual({ act: "take", over: true, columns: 80, rows: 24 } as Keys);
  // A screen from before does not count.
  keyboard.hear({ name: "kim", is_you: false });
  keyboard.hear({ name: "dashboard", is_you: true });
  expect(words()).toBe("You type.");
  keyboard.hear({ name: "lea", is_you: false });
  expect([words(), keyboard.press("x")]).toEqual(["lea took the keyboard.", false]);
});

test("a screen that shows the new typist before the answer comes counts", async () => {
  const answer = Promise.withResolvers<Answer>();
  const { keyboard, words } = keyboardWith(() => answer.promise);
  const taken = keyboard.take(ask);
  keyboard.hear({ name: "dashboard", is_you: true });
  answer.resolve({ taken: true });
  await taken;
  keyboard.hear({ name: "lea", is_you: false });
  expect(words()).toBe("lea took the keyboard.");
});

test("while the connection is lost no key is sent, not later either, and the page says so", async () => {
  const first = Promise.withResolvers<Answer>();
  const { keyboard, sent, words } = keyboardWith(({ keys }) =>
    keys === "a" ? first.promise : { taken: true },
  );
  await keyboard.take(ask);
  keyboard.press("a");
  keyboard.press("b");
  keyboard.setTrouble("The connection to cliai serve is lost.");
  expect([keyboard.press("c"), words()]).toEqual([
    false,
    "The connection to cliai serve is lost. Keys are not sent.",
  ]);
  first.resolve({ taken: true });
  await first.promise;
  keyboard.setTrouble("");
  keyboard.press("d");
  await until("the next one is sent", () => sent.length === 3);
  expect(sent.map(({ keys }) => keys)).toEqual([undefined, "a", "d"]);
  // Another seat: the host knows nothing of the one before.
  keyboard.forget();
  expect(keyboard.press("e")).toBe(false);
});

test("keys that come too late are dropped; one whose answer does not come ends the typing", async () => {
  const first = Promise.withResolvers<Answer>();
  const { keyboard, sent, words, pass } = keyboardWith(({ keys }) => {
    if (keys === "z") throw new Error("cliai serve does not answer");
    return keys === "a" ? first.promise : { taken: true };
  });
  await keyboard.take(ask);
  keyboard.press("a");
  keyboard.press("y");
  pass(3_000);
  first.resolve({ taken: true });
  await until(
    "it says so",
    () => words() === "You type. The connection is slow: the last keys were not sent.",
  );
  keyboard.press("z");
  await until("it has ended", () => keyboard.state().role === "watching");
  expect(words()).toBe(
    "cliai serve does not answer. Whether the last keys arrived is not known. Nobody types from elsewhere.",
  );
  expect(sent.map(({ keys }) => keys)).toEqual([undefined, "a", "z"]);
});
