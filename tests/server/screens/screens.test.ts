// The screen of a real terminal, from the desk of an agent's host to a page's viewer, over a real nats-server.
import { afterAll, beforeAll, expect, test } from "bun:test";
import { type ShownScreen, textOfScreen } from "../../../src/domain/screen/picture.ts";
import type { KeysAnswer } from "../../../src/domain/screen/screen-messages.ts";
import { parseAgentId } from "../../../src/domain/wire/agent-id.ts";
import { silentLogger } from "../../../src/log.ts";
import type { Bus } from "../../../src/nats/bus.ts";
import { watchScreen } from "../../../src/server/screens/screen-viewer.ts";
import { hostTerminal } from "../../support/hosted-terminal.ts";
import { startTestServer, type TestServer } from "../../support/test-server.ts";
import { until } from "../../support/wait-for.ts";

let server: TestServer;
let agents: Bus;
beforeAll(async () => {
  server = await startTestServer();
  agents = await server.nats.bus("agents");
});
afterAll(() => server[Symbol.asyncDispose]());

async function terminalOf(name: string) {
  const terminal = await hostTerminal(agents, name);
  let frames = 0;
  const stopCounting = agents.subscribe(`agent.${name}.screen`, () => {
    frames += 1;
  });
  await agents.flush();
  return {
    ...{ ...terminal, frames: () => frames },
    [Symbol.dispose]() {
      terminal[Symbol.dispose]();
      stopCounting();
    },
  };
}

test("a page sees the screen and what changes, and the host sends nothing before and afterwards", async () => {
  using terminal = await terminalOf("ada");
  const { screens } = server.server;
  terminal.write("before\r\n");
  await server.bus.flush();
  expect(terminal.frames()).toBe(0);
  expect(screens.shown(terminal.id)).toBeUndefined();
  const seen: string[] = [];
  const stop = screens.watch(terminal.id, (screen) => seen.push(textOfScreen(screen)));
  await until("the screen", () => seen.at(-1) === "before");
  // A second page shares the viewer, and has the screen at once.
  expect(await screens.look(terminal.id, 0)).toMatchObject({ columns: 30, rows: 4, hasWindow: true });
  terminal.write("\u001b[31mafter\u001b]52;c;aGFybWxlc3M=\u0007\u001b[?25l");
  await until("the change", () => seen.at(-1) === "before\nafter");
  expect(screens.shown(terminal.id)).toMatchObject({
    lines: [[{ text: "before" }], [{ text: "after", fg: 1 }], [], []],
  });
  const { seq = 0 } = screens.shown(terminal.id) ?? {};
  stop();
  expect(screens.shown(terminal.id)).toBeUndefined();
  await server.bus.flush();
  await agents.flush();
  terminal.write("nobody sees this");
  const again = await screens.look(terminal.id);
  expect(again && textOfScreen(again)).toBe("before\nafternobody sees this");
  expect(again?.seq).toBe(seq + 1);
});

test("an agent without a terminal is looked at in vain, within the given time", async () => {
  expect(await server.server.screens.look(parseAgentId("nobody"), 100)).toBeUndefined();
});

test("a viewer types once it has the keyboard, a second one takes it over, and the size follows whoever types when the window has closed", async () => {
  using terminal = await terminalOf("bob");
  const answers: KeysAnswer[] = [];
  const shown = new Map<string, ShownScreen>();
  const viewerOf = (viewer: string) =>
    watchScreen(server.bus, {
      ...{ id: terminal.id, viewer, log: silentLogger },
      onScreen: (screen) => shown.set(viewer, screen),
      onAnswer: (answer) => answers.push(answer),
    });
  const [one, two] = [viewerOf("v-1"), viewerOf("v-2")];
  await until("both see it", () => shown.size === 2);
  const act = async (viewer: typeof one, keys: Parameters<typeof one.send>[0]) => {
    const count = answers.length;
    const seq = viewer.send(keys);
    await until("the answer", () => answers.length > count);
    expect(answers.at(-1)?.seq).toBe(seq);
    return answers.at(-1);
  };
  const size = { columns: 50, rows: 10 };
  expect(await act(one, { name: "eve", act: "take", ...size })).toMatchObject({ taken: true });
  expect(await act(one, { name: "eve", act: "type", keys: "hello\r" })).toMatchObject({ taken: true });
  await until("all see who types", () => shown.get("v-2")?.typist?.name === "eve");
  // Its window is open and decides the size.
  expect(shown.get("v-2")).toMatchObject({ columns: 30, rows: 4, hasWindow: true });
  expect(await act(two, { name: "bob", act: "take" })).toMatchObject({
    taken: false,
    why: "eve types there",
  });
  terminal.closeWindow();
  expect(await act(two, { name: "bob", act: "take", over: true, ...size })).toMatchObject({ taken: true });
  await until("its size", () => shown.get("v-1")?.columns === 50 && shown.get("v-1")?.rows === 10);
  expect(shown.get("v-1")).toMatchObject({ hasWindow: false, typist: { viewer: "v-2", name: "bob" } });
  // Ctrl-Z would stop a program that nothing could wake.
  await act(two, { name: "bob", act: "type", keys: "a\u001ab" });
  two.stop();
  await until("nobody types", () => shown.get("v-1")?.typist === undefined);
  one.stop();
  expect(terminal.typed()).toBe("hello\rab");
  expect(terminal.told).toEqual([
    "eve types at its terminal",
    "eve typed 6 characters at its terminal",
    "bob types at its terminal, and took the keyboard from eve",
    "bob typed 3 characters at its terminal",
  ]);
});

test("type() takes the keyboard, types and leaves it, and takes it from somebody only if that is said", async () => {
  using terminal = await terminalOf("carl");
  const { screens } = server.server;
  await screens.type(terminal.id, { name: "ci (token)", keys: "y\r" });
  expect(terminal.typed()).toBe("y\r");
  await until("it has left", () => terminal.told.length === 2);
  expect(terminal.told).toEqual([
    "ci (token) types at its terminal",
    "ci (token) typed 2 characters at its terminal",
  ]);
  const seen: ShownScreen[] = [];
  const eve = watchScreen(server.bus, {
    ...{ id: terminal.id, viewer: "v-3", log: silentLogger },
    onScreen: (screen) => seen.push(screen),
  });
  await until("she sees it", () => seen.length > 0);
  eve.send({ name: "eve", act: "take" });
  await until("she types", () => seen.at(-1)?.typist?.name === "eve");
  await expect(screens.type(terminal.id, { name: "ci (token)", keys: "n" })).rejects.toMatchObject({
    code: "refused",
    message: "nothing was typed at the terminal of carl: eve types there",
  });
  await screens.type(terminal.id, { name: "ci (token)", keys: "n", over: true });
  eve.stop();
  expect(terminal.typed()).toBe("y\rn");
});
