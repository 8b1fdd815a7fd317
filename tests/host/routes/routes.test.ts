// As a host shows it, over a real nats-server and a real server, around a CLI that is the test.
import { describe, expect, test } from "bun:test";
import { createServer } from "node:net";
import { claudeSession } from "../../../src/agents/claude/claude-session.ts";
import { silentLogger } from "../../../src/log.ts";
import { fakeCli, id, openStream, startHosted, streamInto, tool } from "../../support/hosted-session.ts";
import { stays, waitFor } from "../../support/wait-for.ts";

describe("createRoutes()", () => {
  test("without a socket a busy session is given a task by the answer of its next hook, and its record is the evidence", async () => {
    await using ada = await startHosted();
    const transcript_path = ada.dir.join("transcript.jsonl");
    await ada.hook("UserPromptSubmit", { prompt: "begin", transcript_path });
    await ada.hook("PreToolUse", { ...tool, transcript_path });
    const commandId = await ada.send("task");
    await ada.receipts();
    let answer: unknown = {};
    const isTold = async () => {
      answer = await ada.hook("PostToolUse", { ...tool, tool_response: "ok", transcript_path });
      return JSON.stringify(answer).includes(`[cliai task ${commandId}]`);
    };
    await waitFor(isTold, { what: "the hook's answer carries it" });
    expect(answer).toMatchObject({ hookSpecificOutput: { hookEventName: "PostToolUse" } });
    await ada.receipts("injected");
    const isOnlyInjected = () => ada.states().join() === "stored,delivered,injected";
    const oneLook = { because: "the session's record is read every 250 ms", forMs: 400 };
    // What is only queued is no evidence.
    const queued = {
      type: "queue-operation",
      operation: "enqueue",
      content: `[cliai task ${commandId}] dig`,
    };
    await Bun.write(transcript_path, `${JSON.stringify(queued)}\n`);
    await ada.hook("PostToolUse", { ...tool, tool_response: "ok", transcript_path });
    await stays(isOnlyInjected, { what: "it is injected and no more", ...oneLook });
    const taken = { type: "user", message: { role: "user", content: `[cliai task ${commandId}] dig` } };
    const lines = `${JSON.stringify(queued)}\n${JSON.stringify(taken)}\n`;
    await Bun.write(transcript_path, lines);
    // Nor is what no answer of the model follows.
    await stays(isOnlyInjected, { what: "it is injected and no more", ...oneLook });
    const answered = { type: "assistant", message: { model: "a-model" } };
    await Bun.write(transcript_path, `${lines}${JSON.stringify(answered)}\n`);
    await ada.receipts("injected", "seen");
  });

  test("a session that swallows what its socket takes has it injected, not seen; and it is not given again", async () => {
    await using ada = await startHosted();
    const path = ada.dir.join("s.sock");
    let swallowed = "";
    const server = createServer((socket) =>
      socket.on("data", (data) => {
        swallowed += data.toString();
      }),
    );
    await new Promise<void>((resolve) => server.listen(path, resolve));
    try {
      ada.session.bridgeNews({ messaging: { path, token: "t" } });
      await ada.hook("SessionStart");
      const commandId = await ada.send("task");
      await ada.receipts("injected");
      await ada.hook("UserPromptSubmit", { prompt: "something else" });
      await ada.hook("Stop");
      expect(ada.states()).toEqual(["stored", "delivered", "injected"]);
      expect(swallowed.split(commandId).length - 1).toBe(2); // the mark, and the words about acknowledge
      expect(swallowed).toStartWith('{"type":"auth","token":"t"}\n');
    } finally {
      server.close();
    }
  });

  test("neither an input stream nor a terminal that swallows what it is given makes it seen", async () => {
    for (const way of ["stream", "terminal"] as const) {
      await using ada = await startHosted({ routes: ["stream-json", "terminal"] });
      const swallowed: string[] = [];
      ada.session.attach(fakeCli().process);
      ada.session.open(
        way === "stream"
          ? {
              stream: streamInto(swallowed),
            }
          : { terminal: { type: async (text) => swallowed.push(text) > 0, noteSent: () => undefined } },
      );
      await ada.hook("SessionStart");
      await ada.send("task");
      await ada.receipts("injected");
      await ada.hook("UserPromptSubmit", { prompt: "something else" });
      await ada.hook("Stop");
      expect(swallowed.length).toBe(1);
      expect(ada.states()).toEqual(["stored", "delivered", "injected"]);
      const route = way === "stream" ? "stream-json" : "terminal";
      expect(ada.server.fleet.get(id)?.commands.at(-1)?.receipts.at(-1)?.route).toBe(route);
    }
  });

  test("the routes are tried in the order in which they are allowed", async () => {
    const orders = [
      ["terminal", "stream-json"],
      ["stream-json", "terminal"],
    ] as const;
    for (const routes of orders) {
      await using ada = await startHosted({ routes: [...routes] });
      ada.session.attach(fakeCli().process);
      ada.session.open({
        stream: openStream,
        terminal: { type: () => Promise.resolve(true), noteSent: () => undefined },
      });
      await ada.hook("SessionStart");
      await ada.send("task");
      await ada.receipts("injected");
      expect(ada.server.fleet.get(id)?.commands.at(-1)?.receipts.at(-1)?.route).toBe(routes[0]);
    }
  });

  test("a session that would break its turn off for a text is given it when the turn is over, with the order's id", async () => {
    await using ada = await startHosted({ routes: ["acp"], hasStream: true });
    ada.session.attach(fakeCli().process);
    let isBusy = true;
    const said: (string | undefined)[] = [];
    const say = async (_text: string, id?: string) => {
      if (isBusy) return "busy" as const;
      said.push(id);
      return "started" as const;
    };
    ada.session.open({ stream: { ...openStream, route: "acp", say } });
    const commandId = await ada.send("task");
    await ada.receipts();
    const waits = () => ada.server.fleet.get(id)?.heartbeat?.waits_because;
    await waitFor(() => waits() === "its turn runs", { what: "it says why it waits", saw: waits });
    expect(ada.states()).toEqual(["stored", "delivered"]);
    isBusy = false;
    await ada.receipts("injected");
    expect(said).toEqual([commandId]);
  });

  test("a dead socket falls back to the hooks", async () => {
    await using ada = await startHosted();
    ada.session.bridgeNews({ messaging: { path: ada.dir.join("nobody.sock") } });
    await ada.begin();
    const commandId = await ada.send("task");
    const isTold = async () =>
      JSON.stringify(await ada.hook("PostToolUse", { ...tool, tool_response: "ok" })).includes(commandId);
    await waitFor(isTold, { what: "the hook's answer carries it" });
    await ada.receipts("injected");
  });

  test("an idle session without a socket is given nothing until it has a turn; the end of that turn carries it", async () => {
    await using ada = await startHosted();
    await ada.hook("SessionStart");
    await ada.send("task");
    await ada.receipts();
    await ada.hook("UserPromptSubmit", { prompt: "hello" });
    const isHeldBack = async () => JSON.stringify(await ada.hook("Stop")).includes("[cliai task");
    await waitFor(
      async () => {
        if (await isHeldBack()) return true;
        await ada.hook("UserPromptSubmit", { prompt: "again" });
        return false;
      },
      { what: "the end of a turn is held back with it" },
    );
  });

  test("what became of a task is told when NATS is back, step by step", async () => {
    const said: string[] = [];
    await using ada = await startHosted({ log: { ...silentLogger, debug: (text) => said.push(text) } });
    await ada.begin();
    await ada.hook("PreToolUse", tool);
    const commandId = await ada.send("task");
    await ada.receipts();
    await waitFor(() => said.includes(`task ${commandId} waits for a route into the session`), {
      ...{ what: "the host has it in hand", saw: () => said },
    });
    ada.nats.kill();
    const answer = await ada.hook("PostToolUse", { ...tool, tool_response: "ok" });
    expect(JSON.stringify(answer)).toContain(commandId);
    ada.answered(commandId);
    await waitFor(() => ada.states().join() === "stored,delivered,injected,seen", {
      ...{ what: "the receipts", saw: ada.states },
    });
  });

  test("a session with a stream is given nothing by another way before that is open: its hooks might not be called yet", async () => {
    await using ada = await startHosted({ hasStream: true });
    const said: string[] = [];
    const socket = createServer((connection) => void connection.on("data", (data) => said.push(`${data}`)));
    const path = ada.dir.join("messaging.sock");
    await new Promise<void>((resolve) => socket.listen(path, resolve));
    await using _ = { [Symbol.asyncDispose]: async () => void socket.close() };
    ada.session.bridgeNews({ messaging: { path } });
    await ada.hook("SessionStart");
    await ada.send("task");
    await ada.receipts();
    ada.session.open({ stream: streamInto(said) });
    await ada.receipts("injected");
    const { route } = ada.server.fleet.get(id)?.commands.at(-1)?.receipts.at(-1) ?? {};
    expect([route, said.length]).toEqual(["stream-json", 1]);
  });

  test("a CLI that calls no hook before its first prompt is typed to once its MCP server runs, unless a task of its launch comes first", async () => {
    const cli = { ...claudeSession, beginsByPrompt: true };
    const begin = async (more: object) => {
      const typed: string[] = [];
      const ada = await startHosted({ cli, routes: ["terminal"], ...more });
      const type = async (text: string) => typed.push(text) > 0;
      ada.session.open({ terminal: { type, noteSent: () => undefined } });
      return { ...ada, typed };
    };
    await using idle = await begin({});
    idle.session.bridgeNews({ status: "connected" });
    await waitFor(() => idle.axes()?.activity.value === "idle", { what: "it is idle", saw: idle.axes });
    await idle.send("task");
    await idle.receipts("injected");
    expect(idle.typed).toHaveLength(1);

    for (const more of [{ hasLaunchTask: true }, { unheld: "its hooks are off" }]) {
      await using other = await begin(more);
      other.session.bridgeNews({ status: "connected" });
      await other.send("task");
      await other.receipts();
      await stays(() => other.typed.length === 0, {
        what: "it is not typed",
        because: "it would be at once",
        forMs: 300,
      });
      await other.hook("SessionStart");
      await other.receipts("injected");
    }
  });

  test("the file of a CLI on a terminal takes nothing before a hook, and then takes texts while a turn runs, too", async () => {
    const written: string[] = [];
    await using ada = await startHosted({ routes: ["input-file"] });
    ada.session.open({ input: { submit: async (text) => void written.push(text), tellsAsked: false } });
    ada.session.bridgeNews({ status: "connected" });
    const first = await ada.send("task");
    await ada.receipts();
    await stays(() => written.length === 0, {
      ...{ what: "nothing is written", because: "an order is tried again every second", forMs: 1_200 },
    });
    await ada.hook("SessionStart");
    await ada.receipts("injected");
    await ada.hook("UserPromptSubmit", { prompt: "begin" });
    const second = await ada.send("task");
    await ada.receipts("injected");
    expect(written.map((text) => /[\w-]+(?=\])/.exec(text)?.[0])).toEqual([first, second]);
  });

  test("the file takes nothing while the screen shows that the CLI would not give it to its model, and the agent says why it waits", async () => {
    const written: string[] = [];
    let hindrance: string | undefined = "it is in shell mode";
    await using ada = await startHosted({ routes: ["input-file"] });
    ada.session.open({
      input: { submit: async (text) => void written.push(text), tellsAsked: false },
      terminal: {
        type: async () => false,
        noteSent: () => undefined,
        readInputHindrance: async () => hindrance,
      },
    });
    await ada.hook("SessionStart");
    await ada.send("task");
    await ada.receipts();
    const why = () => ada.server.fleet.get(id)?.heartbeat?.waits_because;
    await waitFor(() => why() === hindrance, { what: "it says why", saw: why });
    expect(written).toEqual([]);
    hindrance = undefined;
    await ada.receipts("injected");
    expect(written).toHaveLength(1);
  });
});
