// The loop as an ACP client sees it: prompts in, words, calls, permissions and ends out.
import { describe, expect, test } from "bun:test";
import { existsSync, readFileSync } from "node:fs";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { methods } from "@agentclientprotocol/sdk";
import { startTestLoop, type TestLoopOptions } from "../support/loop-fixture.ts";
import {
  chatCall,
  chatStream,
  type EndpointAnswer,
  inTurn,
  llamaRoutes,
  ollamaCall,
  ollamaRoutes,
  ollamaStream,
  startModelEndpoint,
} from "../support/model-endpoint.ts";
import { until } from "../support/wait-for.ts";

const calling = (name: string, args: object | string) =>
  chatStream({ calls: [{ name, arguments: typeof args === "string" ? args : JSON.stringify(args) }] });
const saying = (text: string) => chatStream({ text });

async function startLoop(answers: readonly EndpointAnswer[], options: Partial<TestLoopOptions> = {}) {
  const model = await startModelEndpoint({ ...llamaRoutes(), [chatCall]: inTurn(...answers) });
  const loop = await startTestLoop({ server: { url: model.url }, ...options });
  const session = await loop.client.open(loop.dir.path);
  return {
    ...{ model, ...loop, session },
    prompt: (text: string) => loop.client.prompt(session, text),
    /** The messages of the last request to the model, without the instructions. */
    lastMessages: () => model.chats.at(-1)?.body.messages.slice(1),
    async [Symbol.asyncDispose]() {
      await loop[Symbol.asyncDispose]();
      await model[Symbol.asyncDispose]();
    },
  };
}

describe("a turn", () => {
  test("calls tools until the model answers in words, and tells each step, the context and the usage", async () => {
    await using loop = await startLoop([calling("read_file", { path: "b.txt" }), saying("It says beta.")]);
    await writeFile(loop.dir.join("b.txt"), "beta\n");
    const end = await loop.prompt("What is in b.txt?");
    expect(end).toMatchObject({
      stopReason: "end_turn",
      usage: { inputTokens: 200, outputTokens: 20, totalTokens: 220 },
    });
    expect(loop.client.said()).toBe("It says beta.");
    expect(loop.client.calls()).toEqual([{ title: "Read b.txt", status: "completed", result: "beta" }]);
    expect(loop.client.asked).toEqual([]);
    expect(loop.client.updates).toContainEqual({ sessionUpdate: "usage_update", used: 110, size: 8_192 });
    expect(loop.lastMessages()).toMatchObject([
      { role: "user", content: "What is in b.txt?" },
      { role: "assistant", tool_calls: [{ function: { name: "read_file", arguments: '{"path":"b.txt"}' } }] },
      { role: "tool", content: "beta" },
    ]);
  });

  test("runs parallel calls one after the other, in their order", async () => {
    const both = chatStream({
      calls: [
        { name: "write_file", arguments: '{"path":"a","text":"1"}' },
        { name: "read_file", arguments: '{"path":"a"}' },
      ],
    });
    await using loop = await startLoop([both, saying("Done.")]);
    await loop.prompt("Go.");
    expect(loop.client.calls().map(({ title, result }) => [title, result])).toEqual([
      ["Write a", "wrote a (1 characters)"],
      ["Read a", "1"],
    ]);
  });

  test("runs a call that the model has only printed, and does not show its text", async () => {
    const printed = saying('```json\n{"name": "read_file", "arguments": {"path": "b.txt"}}\n```');
    await using loop = await startLoop([printed, saying("It says beta.")]);
    await writeFile(loop.dir.join("b.txt"), "beta");
    await loop.prompt("Go.");
    expect(loop.client.calls()).toMatchObject([{ title: "Read b.txt", status: "completed" }]);
    expect(loop.client.said()).toBe("It says beta.");
  });

  test("never sends broken arguments back, and tells the model what was wrong with its calls", async () => {
    await using loop = await startLoop([
      calling("read_file", '{"path": "a'),
      calling("reed_file", {}),
      calling("read_file", { file: "a" }),
      saying("Sorry."),
    ]);
    expect((await loop.prompt("Go.")).stopReason).toBe("end_turn");
    const messages = loop.lastMessages();
    const results = messages.filter(({ role }: { role: string }) => role === "tool");
    expect(results.map(({ content }: { content: string }) => content)).toEqual([
      "error: the arguments of read_file are no JSON object",
      expect.stringMatching(/^error: there is no tool "reed_file"; .*read_file/),
      expect.stringContaining('there is no argument "file"'),
    ]);
    for (const { tool_calls = [] } of messages)
      for (const call of tool_calls) expect(JSON.parse(call.function.arguments)).toBeObject();
  });

  test("tells a model that repeats itself, and then fails", async () => {
    await using loop = await startLoop([calling("read_file", { path: "none" })]);
    await expect(loop.prompt("Go.")).rejects.toThrow(
      "the model has made the same call 6 times, with the same result: read_file\nhint: ",
    );
    expect(loop.client.calls()).toHaveLength(6);
    expect(loop.lastMessages().at(-1).content).toContain("You have made this same call before");
    // The conversation is still whole: the next turn can go on.
    await expect(loop.prompt("Go on.")).rejects.toThrow("the same call");
    const roles = loop.lastMessages().map(({ role }: { role: string }) => role);
    expect(roles.filter((role: string) => role === "tool").length).toBeGreaterThanOrEqual(6);
  });

  test("asks again after an answer that was cut off or empty, and then ends or fails", async () => {
    await using cut = await startLoop([chatStream({ text: "so so so", finish: "length" })]);
    expect((await cut.prompt("Go.")).stopReason).toBe("max_tokens");
    expect(cut.lastMessages().at(-1).content).toContain("Your answer was cut off");
    expect(cut.model.chats).toHaveLength(3);
    const half = chatStream({
      text: '{"name": "write_file", "arguments": {"text": "so so',
      finish: "length",
    });
    await using call = await startLoop([half, saying("Here.")]);
    await call.prompt("Go.");
    expect(call.client.said()).toBe("Here.");
    expect(JSON.stringify(call.lastMessages())).not.toContain("so so");
    await using empty = await startLoop([chatStream({}), saying("Here.")]);
    expect((await empty.prompt("Go.")).stopReason).toBe("end_turn");
    expect(empty.client.said()).toBe("Here.");
    expect(empty.lastMessages().at(-1).content).toContain("You have answered nothing");
    await using silent = await startLoop([chatStream({})]);
    await expect(silent.prompt("Go.")).rejects.toThrow(
      "the model has answered nothing that can be read, 3 times",
    );
  });

  test("never shows a call that cannot be read as an answer, tells the model so, and then fails", async () => {
    const unread = [
      '{"name": "reed_file", "arguments": {"path": "a"}}',
      'I do it.\n<tool_call>{"name": "write_file", "arguments": {"text": "a "b""}}</tool_call>',
    ];
    await using loop = await startLoop([...unread.map(saying), saying("Sorry.")]);
    expect((await loop.prompt("Go.")).stopReason).toBe("end_turn");
    expect(loop.client.said()).not.toContain("reed_file");
    expect(loop.client.said()).toEndWith("Sorry.");
    expect(loop.lastMessages().map(({ content }: { content: string }) => content)).toEqual([
      ...["Go.", unread[0], expect.stringContaining("Your call was not made")],
      ...[unread[1], expect.stringContaining("Your call was not made")],
    ]);
    await using never = await startLoop([saying(unread[0] ?? "")]);
    await expect(never.prompt("Go.")).rejects.toThrow("answered nothing that can be read, 3 times");
  });

  test("asks the model no more often than it may", async () => {
    const answers = Array.from({ length: 9 }, (_, index) => calling("read_file", { path: `${index}` }));
    await using loop = await startLoop(answers, { maxSteps: 4 });
    expect((await loop.prompt("Go.")).stopReason).toBe("max_turn_requests");
    expect(loop.model.chats).toHaveLength(4);
    expect(loop.client.said()).toContain("the model was asked 4 times");
  });

  test("shows thoughts as thoughts", async () => {
    await using loop = await startLoop([saying("<think>Hm.</think>Yes.")]);
    await loop.prompt("Go.");
    expect([loop.client.said(), loop.client.thought()]).toEqual(["Yes.", "Hm."]);
    expect(loop.client.updates.length).toBeGreaterThan(1);
  });

  test("leaves out old results where the context is full, says so, and goes on", async () => {
    const reads = Array.from({ length: 6 }, (_, index) => ({
      ...{
        calls: [{ name: "read_file", arguments: JSON.stringify({ path: "long", from_line: index + 1 }) }],
      },
      promptTokens: 800 + index * 700,
    }));
    const routes = {
      ...llamaRoutes({ context: 4_096 }),
      [chatCall]: inTurn(...reads.map(chatStream), saying("Done.")),
    };
    await using model = await startModelEndpoint(routes);
    await using loop = await startTestLoop({ server: { url: model.url } });
    await writeFile(loop.dir.join("long"), `${"x".repeat(70)}\n`.repeat(100));
    const end = await loop.client.prompt(await loop.client.open(loop.dir.path), "Go.");
    expect(end.stopReason).toBe("end_turn");
    expect(JSON.stringify(model.chats.at(-1)?.body.messages)).toContain("removed to make room");
    expect(loop.client.thought()).toContain("because the model's context is full");
  });

  test("has Ollama load the model first, so that the first answer, too, has a bound that fits its context", async () => {
    const { "GET /api/ps": loaded, ...rest } = ollamaRoutes({ loaded: 2_048 });
    const routes = {
      ...rest,
      "GET /api/ps": inTurn({ json: { models: [] } }, loaded),
      [ollamaCall]: ollamaStream({ text: "Done." }),
    };
    await using model = await startModelEndpoint(routes);
    await using loop = await startTestLoop({ server: { url: model.url } });
    const session = await loop.client.open(loop.dir.path);
    await loop.client.prompt(session, "Go.");
    await loop.client.prompt(session, "Go on.");
    expect(model.chats.map(({ body }) => body.options.num_predict)).toEqual([512, 512]);
    expect(model.requests.filter(({ call }) => call === "POST /api/generate")).toHaveLength(1);
  });

  test("notices that Ollama has cut the prompt without a word", async () => {
    const { "GET /api/ps": loaded, ...rest } = ollamaRoutes({ loaded: 2_048 });
    const routes = {
      ...rest,
      "GET /api/ps": inTurn({ json: { models: [] } }, loaded),
      [ollamaCall]: inTurn(ollamaStream({ text: "Your curiosity", promptTokens: 2_048 })),
    };
    await using model = await startModelEndpoint(routes);
    await using loop = await startTestLoop({ server: { url: model.url } });
    const session = await loop.client.open(loop.dir.path);
    await expect(loop.client.prompt(session, "x".repeat(9_000))).rejects.toThrow(
      /context of 2048 tokens is too small/,
    );
    expect(loop.client.said()).not.toContain("The turn has ended");
  });
});

describe("permissions", () => {
  const write = calling("write_file", { path: "a.txt", text: "new" });

  test("are asked for before a change, and the change is shown as a diff", async () => {
    await using loop = await startLoop([write, saying("Done.")], {
      answer: () => {
        expect(existsSync(join(project, "a.txt"))).toBe(false);
        return "once";
      },
    });
    const project = loop.dir.path;
    await loop.prompt("Go.");
    expect(loop.client.asked).toMatchObject([
      { toolCall: { title: "Write a.txt", kind: "edit", rawInput: { path: "a.txt", text: "new" } } },
    ]);
    expect(await readFile(loop.dir.join("a.txt"), "utf8")).toBe("new");
    const [first, ...later] = loop.client.updates.filter((each) =>
      each.sessionUpdate.startsWith("tool_call"),
    );
    expect(first).toMatchObject({ sessionUpdate: "tool_call", status: "pending" });
    expect(later.at(-1)).toMatchObject({
      status: "completed",
      content: [
        { type: "content" },
        { type: "diff", path: loop.dir.join("a.txt"), oldText: null, newText: "new" },
      ],
    });
  });

  test("once refused, the tool does not run, and the model reads why", async () => {
    await using loop = await startLoop([write, saying("Then not.")], { answer: () => "refused" });
    expect((await loop.prompt("Go.")).stopReason).toBe("end_turn");
    expect(existsSync(loop.dir.join("a.txt"))).toBe(false);
    expect(loop.lastMessages().at(-1).content).toContain("a person has refused this call");
    expect(loop.client.calls()).toMatchObject([{ status: "failed" }]);
  });

  test("given for the session, are not asked for again for that tool", async () => {
    await using loop = await startLoop([write, write, saying("Done.")], { answer: () => "always" });
    await loop.prompt("Go.");
    expect(loop.client.asked).toHaveLength(1);
  });

  test("follow the mode of the session", async () => {
    const read = calling("read_file", { path: "none" });
    const run = calling("run_command", { command: ["true"] });
    await using loop = await startLoop([
      read,
      write,
      run,
      saying("1"),
      read,
      write,
      run,
      saying("2"),
      read,
      write,
      run,
      saying("3"),
    ]);
    const asks = async (modeId: string) => {
      const before = loop.client.asked.length;
      await loop.client.agent.request(methods.agent.session.setMode, { sessionId: loop.session, modeId });
      await loop.prompt("Go.");
      return loop.client.asked.slice(before).map(({ toolCall }) => toolCall.kind);
    };
    expect(await asks("ask-all")).toEqual(["read", "edit", "execute"]);
    expect(await asks("accept-edits")).toEqual(["execute"]);
    expect(await asks("allow-all")).toEqual([]);
    await expect(asks("yolo")).rejects.toThrow('there is no mode "yolo"');
  });
});

describe("a person", () => {
  test("cancels while the model answers: the request to the server is closed", async () => {
    await using loop = await startLoop(["silent"]);
    const turn = loop.prompt("Go.");
    await until("the model is asked", () => loop.model.chats.length === 1);
    await loop.client.cancel(loop.session);
    expect((await turn).stopReason).toBe("cancelled");
    await until("the connection is closed", () => loop.model.open === 0);
  });

  test("cancels in a tool: it ends with what it has started, and the conversation stays whole", async () => {
    const command = { command: "sleep 600 & echo $! > pid; wait" };
    await using loop = await startLoop([calling("run_command", command), saying("I go on.")], {
      ...{ commandForm: "shell", mode: "allow-all" },
    });
    const turn = loop.prompt("Go.");
    await until(
      "it runs",
      () => existsSync(loop.dir.join("pid")) && readFileSync(loop.dir.join("pid"), "utf8") !== "",
    );
    await loop.client.cancel(loop.session);
    expect((await turn).stopReason).toBe("cancelled");
    const pid = Number(readFileSync(loop.dir.join("pid"), "utf8"));
    await until("it has ended", () => !existsSync(`/proc/${pid}`));
    await loop.prompt("Go on.");
    expect(loop.lastMessages().map(({ role }: { role: string }) => role)).toEqual([
      "user",
      "assistant",
      "tool",
      "user",
    ]);
    expect(loop.lastMessages()[2].content).toBe("[This call was interrupted.]");
  });

  test("cancels while a permission is open that nobody answers", async () => {
    const command = calling("run_command", { command: ["true"] });
    await using loop = await startLoop([command], { answer: () => undefined });
    const turn = loop.prompt("Go.");
    await until("it asks", () => loop.client.asked.length === 1);
    await loop.client.cancel(loop.session);
    expect((await turn).stopReason).toBe("cancelled");
  });

  test("says more while a turn runs: it joins before the model's next answer, and both prompts end together", async () => {
    const held = Promise.withResolvers<string>();
    await using loop = await startLoop(
      [calling("run_command", { command: ["true"] }), saying("Both done.")],
      {
        answer: () => held.promise,
      },
    );
    const first = loop.prompt("Do one.");
    await until("it asks", () => loop.client.asked.length === 1);
    const second = loop.prompt("And two.");
    await loop.client.agent.request(methods.agent.session.list, {}); // what was sent before is there now
    held.resolve("once");
    expect([(await first).stopReason, (await second).stopReason]).toEqual(["end_turn", "end_turn"]);
    expect(loop.model.chats).toHaveLength(2);
    expect(loop.lastMessages().at(-1)).toEqual({ role: "user", content: "And two." });
  });

  test("hangs up: the loop ends, with its tool", async () => {
    const command = { command: "echo $$ > pid; exec sleep 600" };
    await using loop = await startLoop([calling("run_command", command)], {
      ...{ commandForm: "shell", mode: "allow-all" },
    });
    loop.prompt("Go.").catch(() => undefined); // the connection ends before its answer
    await until(
      "it runs",
      () => existsSync(loop.dir.join("pid")) && readFileSync(loop.dir.join("pid"), "utf8") !== "",
    );
    loop.hangUp();
    await loop.ended;
    const pid = Number(readFileSync(loop.dir.join("pid"), "utf8"));
    expect(existsSync(`/proc/${pid}`)).toBe(false);
  });
});

describe("errors", () => {
  test("of a server that is not there, with the remedy in the message, because clients show nothing else", async () => {
    await using model = await startModelEndpoint({});
    const { url } = model;
    await using loop = await startTestLoop({ server: { url: url.replace(/\d+$/, "9") } });
    const session = await loop.client.open(loop.dir.path);
    await expect(loop.client.prompt(session, "Go.")).rejects.toThrow(
      /^no model server answers at http.*\nhint: start it there, such as: llama-server/,
    );
    expect(loop.client.thought()).toContain("does not answer");
  });

  test("leave the session usable: the server comes back, and the next prompt is answered", async () => {
    const failing = { status: 400, json: { error: { message: "invalid temperature" } } };
    await using loop = await startLoop([failing, saying("Now.")]);
    await expect(loop.prompt("Go.")).rejects.toThrow("refused the request: 400 invalid temperature");
    expect((await loop.prompt("Again.")).stopReason).toBe("end_turn");
    expect(loop.lastMessages()).toEqual([{ role: "user", content: "Go.\n\nAgain." }]);
  });

  test("of the client: an unknown session, a folder that is none, a server over HTTP", async () => {
    await using loop = await startLoop([saying("Hi.")]);
    await expect(loop.client.prompt("none", "Go.")).rejects.toMatchObject({ code: -32_002 });
    await expect(loop.client.open("relative")).rejects.toMatchObject({ code: -32_602 });
    await expect(loop.client.open(loop.dir.join("none"))).rejects.toMatchObject({ code: -32_602 });
    const load = { sessionId: "none", cwd: loop.dir.path, mcpServers: [] };
    await expect(loop.client.agent.request(methods.agent.session.load, load)).rejects.toMatchObject({
      code: -32_002,
    });
  });
});

describe("a session", () => {
  const tinyServer = (log: string) => ({
    name: "tiny",
    command: process.execPath,
    args: [join(import.meta.dirname, "../support/tiny-mcp-server.ts")],
    env: [{ name: "TINY_MCP_LOG", value: log }],
  });

  test("has the tools of its MCP servers, which ask for permission and are named by their server", async () => {
    await using loop = await startLoop([calling("note", { text: "milk" }), saying("Noted.")]);
    const session = await loop.client.open(loop.dir.path, [tinyServer(loop.dir.join("log"))]);
    await loop.client.prompt(session, "Note milk.");
    expect(loop.client.asked).toMatchObject([{ toolCall: { title: "tiny: note", name: "mcp__tiny__note" } }]);
    expect(loop.client.calls()).toMatchObject([{ status: "completed", result: "noted: milk" }]);
    await loop.client.agent.request(methods.agent.session.close, { sessionId: session });
    await until("its server has ended", () =>
      readFileSync(loop.dir.join("log"), "utf8").includes("stdin-end"),
    );
    await expect(loop.client.prompt(session, "More.")).rejects.toMatchObject({ code: -32_002 });
  });

  test("whose client hangs up while its MCP server starts leaves none behind", async () => {
    await using loop = await startLoop([saying("Hi.")]);
    const script = `echo $$ > ${loop.dir.join("pid")}; exec sleep 600`;
    const slow = { name: "slow", command: "/bin/sh", args: ["-c", script], env: [] };
    loop.client.open(loop.dir.path, [slow]).catch(() => undefined); // the connection ends before its answer
    await until(
      "it starts",
      () => existsSync(loop.dir.join("pid")) && readFileSync(loop.dir.join("pid"), "utf8") !== "",
    );
    loop.hangUp();
    await loop.ended;
    const pid = Number(readFileSync(loop.dir.join("pid"), "utf8"));
    await until("it has ended", () => !existsSync(`/proc/${pid}`));
  });

  test("is kept on the disk, and goes on in another process, with all that was said", async () => {
    await using first = await startLoop([calling("read_file", { path: "b.txt" }), saying("It says beta.")]);
    await writeFile(first.dir.join("b.txt"), "beta");
    await first.prompt("What is in b.txt?");
    const sessionsDir = first.dir.join(".sessions");
    await using next = await startLoop([saying("As I said: beta.")], { sessionsDir });
    const { agent } = next.client;
    const { sessions } = await agent.request(methods.agent.session.list, { cwd: first.dir.path });
    expect(sessions).toMatchObject([{ sessionId: first.session, title: "What is in b.txt?" }]);
    const place = { sessionId: first.session, cwd: first.dir.path, mcpServers: [] };
    await agent.request(methods.agent.session.load, place);
    expect(next.client.said()).toBe("It says beta.");
    expect(next.client.updates[0]).toMatchObject({ sessionUpdate: "user_message_chunk" });
    await next.client.prompt(first.session, "And?");
    expect(next.lastMessages().map(({ role }: { role: string }) => role)).toEqual([
      ...["user", "assistant", "tool", "assistant", "user"],
    ]);
  });

  test("that is loaded shows no call as done that failed, was refused or was interrupted", async () => {
    const answers = [
      calling("read_file", { path: "b.txt" }),
      calling("read_file", { path: "none" }),
      calling("run_command", { command: ["true"] }),
      saying("Done."),
    ];
    await using first = await startLoop(answers, { answer: () => "refused" });
    await writeFile(first.dir.join("b.txt"), "beta");
    await first.prompt("Go.");
    const shown = ["completed", "failed", "failed"];
    expect(first.client.calls().map(({ status }) => status)).toEqual(shown);
    await using next = await startLoop([saying("Hi.")], { sessionsDir: first.dir.join(".sessions") });
    const place = { sessionId: first.session, cwd: first.dir.path, mcpServers: [] };
    await next.client.agent.request(methods.agent.session.load, place);
    expect(next.client.calls().map(({ status }) => status)).toEqual(shown);
  });

  test("has no result without its call, and none missing, also where a line is damaged and ids come again", async () => {
    await using loop = await startLoop([saying("Fine.")]);
    const message = (value: object) => JSON.stringify({ type: "message", message: value });
    const call = (id: string) =>
      message({ role: "assistant", content: "", calls: [{ id, name: "search", arguments: "{}" }] });
    const result = (id: string) => message({ role: "tool", callId: id, name: "search", content: "found" });
    const lines = [
      JSON.stringify({ type: "session", session_id: "damaged", cwd: loop.dir.path }),
      message({ role: "user", content: "Go.", isPrompt: true }),
      ...[call("0"), result("0")],
      ...[call("1").slice(0, 30), result("1")],
      call("0"),
    ];
    await writeFile(loop.dir.join(".sessions", "damaged.jsonl"), lines.join("\n"));
    const resume = { sessionId: "damaged", cwd: loop.dir.path, mcpServers: [] };
    await loop.client.agent.request(methods.agent.session.resume, resume);
    await loop.client.prompt("damaged", "Go on.");
    expect(loop.lastMessages().slice(1, -1)).toMatchObject([
      ...[{ tool_calls: [{ id: "0" }] }, { role: "tool", content: "found" }],
      ...[{ tool_calls: [{ id: "0" }] }, { role: "tool", content: "[This call was interrupted.]" }],
    ]);
  });

  test("whose process was killed in a tool has a result for that call, and loses no message to a half written line", async () => {
    await using loop = await startLoop([saying("Fine.")]);
    const file = loop.dir.join(".sessions", "killed.jsonl");
    const line = (value: object) => `${JSON.stringify(value)}\n`;
    const message = (value: object) => line({ type: "message", message: value });
    await writeFile(
      file,
      line({ type: "session", session_id: "killed", cwd: loop.dir.path }) +
        message({ role: "user", content: "Go.", isPrompt: true }) +
        message({
          role: "assistant",
          content: "",
          calls: [{ id: "1", name: "run_command", arguments: "{}" }],
        }) +
        '{"type":"message","mess',
    );
    const resume = { sessionId: "killed", cwd: loop.dir.path, mcpServers: [] };
    await loop.client.agent.request(methods.agent.session.resume, resume);
    await loop.client.prompt("killed", "Go on.");
    expect(loop.lastMessages()[2]).toMatchObject({ role: "tool", content: "[This call was interrupted.]" });
    await loop.client.agent.request(methods.agent.session.load, resume);
    expect(loop.client.said()).toContain("Fine.");
    expect(loop.client.updates.filter((each) => each.sessionUpdate === "user_message_chunk")).toHaveLength(2);
  });
});
