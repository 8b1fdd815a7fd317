import { describe, expect, test } from "bun:test";
import { listOf } from "../../../src/cli/top/state.ts";
import { parseAgentId } from "../../../src/domain/wire/agent-id.ts";
import { agent, ago, asking, now, requestOf, type TestTop, topOf, working } from "./top-fleet.ts";

const fleet = [working("ada", "digging"), working("bob", "filling"), agent("cleo")];
const idsOf = (top: TestTop) => listOf(top.state()).map(({ agent_id }) => agent_id as string);
const selected = (top: TestTop) => top.state().selected as string | undefined;

describe("reduceTop() moves", () => {
  test("by keys, and stops at the ends", () => {
    const top = topOf(fleet);
    const at = (...keys: string[]) => {
      top.press(...keys);
      return selected(top);
    };
    expect([at(), at("j"), at("down"), at("j"), at("k"), at("home"), at("up"), at("end")]).toEqual([
      "ada",
      "bob",
      "cleo",
      "cleo",
      "bob",
      "ada",
      "ada",
      "cleo",
    ]);
  });

  test("and stays with its agent when the list changes; when the agent leaves it, with its place", () => {
    const top = topOf(fleet);
    top.press("j");
    top.take({ type: "fleet", views: [asking(requestOf("aaron")), ...fleet], lost: undefined });
    expect([selected(top), top.state().index]).toEqual(["bob", 2]);
    top.take({ type: "fleet", views: fleet.filter(({ agent_id }) => agent_id !== "bob"), lost: undefined });
    expect(selected(top)).toBe("cleo");
  });

  test("and keeps the selected row on a screen of few rows", () => {
    const many = Array.from({ length: 40 }, (_, place) => agent(`agent-${String(place).padStart(2, "0")}`));
    const top = topOf(many, [], { columns: 40, rows: 10 });
    top.press("end");
    expect(top.state().offset).toBeGreaterThan(30);
    top.press("home");
    expect(top.state().offset).toBe(0);
  });
});

describe("reduceTop() limits the list", () => {
  test("by words as they are typed; Esc takes them back", () => {
    const top = topOf(fleet);
    top.press("/", "f", "i", "l");
    expect(idsOf(top)).toEqual(["bob"]);
    top.press("escape");
    expect(idsOf(top)).toHaveLength(3);
    top.press("/", "f", "i", "l", "enter");
    expect([idsOf(top), selected(top)]).toEqual([["bob"], "bob"]);
    top.press("escape");
    expect(idsOf(top)).toHaveLength(3);
  });

  test("by state: f goes round, g i and g f go to the inbox and the fleet", () => {
    const top = topOf([...fleet, asking(requestOf("eve"))]);
    const rounds = Array.from({ length: 6 }, () => {
      top.press("f");
      return idsOf(top).join(" ");
    });
    expect(rounds).toEqual(["eve", "ada bob", "", "cleo", "", "eve ada bob cleo"]);
    top.press("g", "i");
    expect(idsOf(top)).toEqual(["eve"]);
    top.press("g", "f");
    expect(idsOf(top)).toHaveLength(4);
  });
});

test("reduceTop() attaches to the terminal of the selected agent, unless the server is away", () => {
  const top = topOf(fleet);
  top.press("j", "a");
  expect(top.effects()).toEqual([{ type: "attach", id: "bob" }] as never);
  top.take({ type: "fleet", views: fleet, lost: "the server is away" });
  top.press("a");
  expect(top.effects()).toEqual([]);
  expect(top.state().notice?.text).toContain("the server is away");
});

test("reduceTop() says what it does not have: another page", () => {
  const top = topOf(fleet);
  top.press("g", "c");
  expect(top.state().notice?.text).toBe("top has the pages g f (fleet) and g i (inbox)");
});

describe("reduceTop() orders", () => {
  test("a task for the selected agent, or for all that are marked", () => {
    const top = topOf(fleet);
    top.press("t", "d", "i", "g", "enter");
    expect(top.effects()).toEqual([
      { type: "order", order: "task", text: "dig", ids: [parseAgentId("ada")] },
    ]);
    top.press(" ", " ", "t", "x", "escape", "t", "o", "enter");
    expect(top.effects()).toEqual([
      { type: "order", order: "task", text: "o", ids: [parseAgentId("ada"), parseAgentId("bob")] },
    ]);
    expect(top.state().marked.size).toBe(0);
    top.press("t", "enter");
    expect(top.effects()).toEqual([]);
  });

  test("a stop only after a yes, with the names; the second one at once", () => {
    const top = topOf(fleet);
    for (const no of ["n", "escape", "enter", "s"]) top.press("s", no);
    expect(top.effects()).toEqual([]);
    top.press("s");
    expect(top.state().prompt).toMatchObject({ kind: "confirm", type: "stop", ids: ["ada"], force: false });
    top.press("y");
    expect(top.effects()).toEqual([{ type: "order", order: "stop", ids: [parseAgentId("ada")] }]);
    const stop = {
      ...{
        command_id: "c",
        type: "stop" as const,
        from: "kim",
        summary: "",
        stream_seq: 1,
        issued_at: ago(2),
      },
      receipts: [{ state: "delivered" as const, at: ago(1) }],
    };
    const ending = topOf([working("ada", "digging", { commands: [stop] })]);
    expect(ending.state().views[0]?.axes.control.value).toBe("stop_requested");
    ending.press("s", "y");
    expect(ending.effects()).toMatchObject([{ order: "stop", force: true }]);
  });

  test("a pause, and for a paused agent that it goes on; of several only after a yes", () => {
    const top = topOf(fleet);
    top.press("p");
    expect(top.effects()).toMatchObject([{ order: "pause", ids: ["ada"] }]);
    top.press(" ", " ", "p");
    expect(top.effects()).toEqual([]);
    top.press("y");
    expect(top.effects()).toMatchObject([{ order: "pause", ids: ["ada", "bob"] }]);
    const said = { status: "paused", source: "status" as const, since: ago(9), at: ago(9) };
    const paused = topOf([agent("ada", { said })]);
    expect(paused.state().views[0]?.axes.control.value).toBe("paused");
    paused.press("p");
    expect(paused.effects()).toMatchObject([{ order: "resume", ids: ["ada"] }]);
  });

  test("a pause of a marked agent that is not the selected one only after a yes that names it", () => {
    const top = topOf(fleet);
    top.press(" ", "enter", "p");
    expect([selected(top), top.effects()]).toEqual(["bob", []]);
    expect(top.state().prompt).toMatchObject({ kind: "confirm", type: "pause", ids: ["ada"] });
    top.press("y");
    expect(top.effects()).toMatchObject([{ order: "pause", ids: ["ada"] }]);
  });

  test("no pause for an agent that is selected only because the one before it has just left the list", () => {
    const top = topOf(fleet);
    const without = fleet.filter(({ agent_id }) => agent_id !== "ada");
    top.take({ type: "fleet", views: without, lost: undefined });
    top.press("p");
    expect([selected(top), top.effects()]).toEqual(["bob", []]);
    top.take({ type: "tick" }, now.getTime() + 700);
    top.take({ type: "key", key: { name: "p" } }, now.getTime() + 700);
    expect(top.effects()).toMatchObject([{ order: "pause", ids: ["bob"] }]);
  });

  test("nothing while no serve answers, and nothing by a pasted text", () => {
    const top = topOf(fleet);
    top.take({ type: "key", key: { paste: "sy" } });
    top.press("s");
    top.take({ type: "key", key: { paste: "y" } });
    top.press("n");
    top.take({ type: "fleet", views: fleet, lost: "no serve answers" });
    top.press("p", "s", "y", "t", "x", "enter");
    expect(top.effects()).toEqual([]);
  });
});

describe("reduceTop() answers", () => {
  const permission = requestOf("eve");
  const question = requestOf("eve", { kind: "question", choices: ["left", "right"], on_expiry: "expire" });

  test.each([
    [permission, ["y"], { approved: true }],
    [permission, ["n"], { approved: false }],
    [permission, ["r", "n", "o", "enter"], { approved: false, reason: "no" }],
    [permission, ["1"], undefined],
    [question, ["2"], { text: "2" }],
    [question, ["3"], undefined],
    [question, ["y"], undefined],
    [question, ["r", "u", "p", "enter"], { text: "up" }],
  ])("%#", (request, keys, words) => {
    const top = topOf([asking(request)], [request]);
    top.press(...keys);
    expect(top.effects()).toEqual(words === undefined ? [] : [{ type: "answer", request, words }]);
  });

  test("once; again if the answer could not be stored", () => {
    const top = topOf([asking(permission)], [permission]);
    top.press("y", "y", "n");
    expect(top.effects()).toHaveLength(1);
    top.take({ type: "unanswered", request_id: permission.request_id });
    top.press("n");
    expect(top.effects()).toHaveLength(1);
  });

  test("not a request that was not read, or has only just appeared", () => {
    const unread = topOf([asking(permission)]);
    unread.press("y");
    unread.take({ type: "request", request: permission });
    unread.press("y");
    expect(unread.effects()).toEqual([]);
    unread.take({ type: "key", key: { name: "y" } }, now.getTime() + 1_000);
    expect(unread.effects()).toHaveLength(1);
  });

  test("not the next request of an agent in place of the one that the key was meant for", () => {
    const top = topOf([asking(permission)], [permission]);
    const other = requestOf("eve", { request_id: "other", question: "run Bash: rm -r /" });
    top.take({ type: "fleet", views: [asking(other)], lost: undefined });
    top.take({ type: "request", request: other });
    top.press("y");
    expect(top.effects()).toEqual([]);
  });

  test("a long request only once its end is on the screen", () => {
    const long = requestOf("eve", {
      context: Array.from({ length: 60 }, (_, line) => `line ${line}`).join("\n"),
    });
    const top = topOf([asking(long)], [long]);
    top.press("y");
    expect([top.effects(), top.state().page.kind]).toEqual([[], "agent"]);
    top.press("y");
    expect(top.effects()).toEqual([]);
    for (let row = 0; row < 60; row += 1) top.press("j");
    top.press("y");
    expect(top.effects()).toHaveLength(1);
  });
});

test("reduceTop() quits, is interrupted and suspended by keys, also while something is typed", () => {
  const top = topOf(fleet);
  top.press("ctrl-z", "ctrl-l", "t", "q", "ctrl-z", "ctrl-c", "escape", "q");
  expect(top.effects().map(({ type }) => type)).toEqual([
    ...(["suspend", "redraw", "suspend", "interrupt", "quit"] as const),
  ]);
});
