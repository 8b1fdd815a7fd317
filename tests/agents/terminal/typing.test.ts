// Typing into a program's prompt: the program is the test, which shows what it likes.
import { describe, expect, test } from "bun:test";
import type { PromptState } from "../../../src/agents/agent-cli.ts";
import { createTyper } from "../../../src/agents/terminal/typing.ts";
import { waitFor } from "../../support/wait-for.ts";

/** A program that shows its prompt, and whatever `shown` says once something is typed. */
function program(shown: (written: string) => PromptState, drawsWithinMs?: number) {
  let written = "";
  const whys: string[] = [];
  const ending = new AbortController();
  const typer = createTyper({
    write(keys) {
      written += typeof keys === "string" ? keys : Buffer.from(keys).toString();
    },
    readPrompt: () => Promise.resolve(shown(written)),
    ...(drawsWithinMs === undefined ? {} : { drawsWithinMs }),
  });
  const type = (text: string, whyNot: () => string | undefined = () => undefined) =>
    typer.type(text, { whyNot, onWait: (why) => whys.push(why), signal: ending.signal });
  return { typer, type, whys, written: () => written, end: () => ending.abort() };
}
const asWritten = (written: string): PromptState => (written === "" ? "empty" : "written");
const pasted = (text: string) => `\u001b[200~${text}\u001b[201~`;

describe("createTyper()", () => {
  test("types into an empty prompt alone, and says why it does not", async () => {
    const states: [PromptState, string][] = [
      ["written", "its terminal has an unfinished line"],
      ["other", "its terminal shows no empty prompt"],
    ];
    for (const [state, why] of states) {
      const { type, whys, written } = program(() => state);
      expect(await type("dig")).toBe(false);
      expect([written(), whys]).toEqual(["", [why]]);
    }
    const busy = program(asWritten);
    expect(await busy.type("dig", () => "a subagent runs")).toBe(false);
    expect([busy.written(), busy.whys]).toEqual(["", ["a subagent runs"]]);
    const free = program(asWritten);
    expect(await free.type("dig\u001b[A\u0003 deep")).toBe(true);
    expect([free.written(), free.whys]).toEqual([`${pasted("dig [A  deep")}\r`, []]);
  });

  test("no Enter while a dialog stands in front of the text, or something began since; it comes when they are gone", async () => {
    let isDialog = true;
    const { type, whys, written } = program((text) => (text !== "" && isDialog ? "other" : asWritten(text)));
    let subagent: string | undefined;
    const typing = type("dig", () => subagent);
    await waitFor(() => whys.includes("its terminal shows no empty prompt"), { what: "it says so" });
    expect(written()).toBe(pasted("dig"));
    subagent = "a subagent runs";
    isDialog = false;
    await waitFor(() => whys.at(-1) === subagent, { what: "it says that, too" });
    expect(written()).toBe(pasted("dig"));
    subagent = undefined;
    expect(await typing).toBe(true);
    expect(written()).toBe(`${pasted("dig")}\r`);
  });

  test("its user's keys come before the text or behind the Enter, and answer a dialog that came up", async () => {
    const { typer, type, written } = program(asWritten);
    const typing = type("dig");
    await waitFor(() => written() !== "", { what: "the text is typed" });
    typer.passKeys(Buffer.from("mine"), true);
    expect(await typing).toBe(true);
    expect(written()).toBe(`${pasted("dig")}\rmine`);
    expect(await type("again")).toBe(false);

    let isDialog = true;
    const asked = program((text) => (text !== "" && isDialog ? "other" : asWritten(text)));
    const waiting = asked.type("dig");
    await waitFor(() => asked.written() !== "", { what: "the text is typed" });
    asked.typer.passKeys(Buffer.from("2"), true);
    await waitFor(() => asked.written().endsWith("2"), { what: "the dialog has its answer" });
    isDialog = false;
    expect(await waiting).toBe(true);
    expect(asked.written()).toBe(`${pasted("dig")}2\r`);
  });

  test("a program that draws late is waited for, and one that draws nothing is given up; neither is typed into twice", async () => {
    let isDrawn = false;
    const late = program((text) => (isDrawn ? asWritten(text) : "empty"));
    const typing = late.type("dig");
    await waitFor(() => late.whys.length > 2, { what: "it waits" });
    isDrawn = true;
    expect(await typing).toBe(true);
    expect(late.written()).toBe(`${pasted("dig")}\r`);

    const blind = program(() => "empty", 1_500);
    expect(await blind.type("dig")).toBe(false);
    expect(blind.written()).toBe(pasted("dig"));
  });

  test("what its user sends, takes away or changes is not sent once more", async () => {
    const sent = program((text) => (text === "" ? "empty" : "other"));
    const sending = sent.type("dig");
    await waitFor(() => sent.whys.length > 0, { what: "it waits" });
    sent.typer.noteSent("something else");
    sent.typer.noteSent("dig");
    expect(await sending).toBe(true);

    let isGone = false;
    const gone = program((text) => (text === "" || isGone ? "empty" : "other"));
    const typing = gone.type("dig");
    await waitFor(() => gone.whys.length > 0, { what: "it waits" });
    isGone = true;
    expect(await typing).toBe(false);
    expect(gone.written()).toBe(pasted("dig"));

    const changed = program(asWritten);
    let subagent: string | undefined;
    const changing = changed.type("dig", () => subagent);
    await waitFor(() => changed.written() !== "", { what: "the text is typed", intervalMs: 5 });
    subagent = "a subagent runs";
    await waitFor(() => changed.whys.length > 0, { what: "it waits" });
    changed.typer.passKeys(Buffer.from("x"), true);
    await waitFor(() => changed.written().endsWith("x"), { what: "the key is passed on" });
    subagent = undefined;
    await waitFor(() => changed.whys.at(-1) === "its terminal has an unfinished line", {
      what: "it leaves it",
    });
    changed.end();
    expect(await changing).toBe(false);
    expect(changed.written()).toBe(`${pasted("dig")}x`);
  });
});
