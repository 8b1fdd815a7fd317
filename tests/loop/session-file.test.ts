// A session on the disk: what is read of it after its process was killed anywhere.
import { describe, expect, test } from "bun:test";
import { appendFile, readFile, stat, utimes, writeFile } from "node:fs/promises";
import type { Message } from "../../src/loop/model/chat-messages.ts";
import { openSessionFolder } from "../../src/loop/session-file.ts";
import { tempDir } from "../support/temp-dir.ts";

const user = (content: string): Message => ({ role: "user", content, isPrompt: true });
const calls = (...ids: string[]): Message => ({
  ...{ role: "assistant", content: "", calls: ids.map((id) => ({ id, name: "run", arguments: "{}" })) },
});
const result = (callId: string, content = "ok"): Message => ({ role: "tool", callId, name: "run", content });
const interrupted = (callId: string): Message => ({
  ...{ role: "tool", callId, name: "run", content: "[This call was interrupted.]", isError: true },
});

async function folder() {
  const dir = await tempDir();
  const errors: string[] = [];
  const sessions = openSessionFolder(dir.join("sessions"), (words) => void errors.push(words));
  const keep = async (sessionId: string, ...messages: Message[]) => {
    const file = await sessions.create({ sessionId, cwd: "/p" });
    for (const message of messages) file.add(message);
    await file.flush();
    return dir.join("sessions", `${sessionId}.jsonl`);
  };
  return { ...dir, ...sessions, keep, errors, [Symbol.asyncDispose]: () => dir[Symbol.asyncDispose]() };
}

describe("openSessionFolder()", () => {
  test("gives back what was said, in order, for this user alone", async () => {
    await using dir = await folder();
    const messages = [user("dig"), calls("a", "b"), result("a"), result("b"), user("deeper")];
    const path = await dir.keep("s1", ...messages);
    expect(await dir.read("s1")).toEqual({ sessionId: "s1", cwd: "/p", messages });
    expect((await stat(path)).mode & 0o777).toBe(0o600);
    const file = dir.open("s1");
    file.add(user("more"));
    await file.flush();
    expect((await dir.read("s1")).messages).toEqual([...messages, user("more")]);
  });

  test("gives each call that has no result one, where the process was killed or another prompt came", async () => {
    await using dir = await folder();
    await dir.keep("s1", user("dig"), calls("a", "b"), result("b"));
    expect((await dir.read("s1")).messages.slice(2)).toEqual([result("b"), interrupted("a")]);
    await dir.keep("s2", calls("a"), user("stop"), calls("a"), result("a"));
    expect((await dir.read("s2")).messages).toEqual([
      ...[calls("a"), interrupted("a"), user("stop"), calls("a"), result("a")],
    ]);
  });

  test("leaves out half a line, and the results of a call that stood in it; what comes after is not lost", async () => {
    await using dir = await folder();
    const path = await dir.keep("s1", user("dig"));
    await appendFile(path, `\n${JSON.stringify({ type: "message", message: calls("a") }).slice(0, 40)}`);
    const file = dir.open("s1");
    for (const message of [result("a"), result("b"), user("deeper")]) file.add(message);
    await file.flush();
    expect((await dir.read("s1")).messages).toEqual([user("dig"), user("deeper")]);
  });

  test("says which session it does not have, and reads no file outside of its folder", async () => {
    await using dir = await folder();
    await writeFile(dir.join("x.jsonl"), await readFile(await dir.keep("s1")));
    for (const [id, why] of [
      ["gone", "ENOENT"],
      ["../x", "that is not the id of a session"],
      ["", "that is not the id of a session"],
    ] as const) {
      await expect(dir.read(id)).rejects.toMatchObject({
        code: "config_invalid",
        message: `no session ${JSON.stringify(id)} to resume in ${dir.join("sessions")}: ${why}`,
      });
    }
    await writeFile(dir.join("sessions", "other.jsonl"), '{"type":"message"}');
    await expect(dir.read("other")).rejects.toThrow("its file does not begin with the head of a session");
  });

  test("lists the sessions, the newest first, by the first line of their prompts; and no other program's files", async () => {
    await using dir = await folder();
    const at = (s: number) => new Date(1_000_000 + s * 1_000);
    await utimes(await dir.keep("old", user("dig\nhere")), at(1), at(1));
    await utimes(await dir.keep("new", user("x".repeat(100))), at(2), at(2));
    await utimes(await dir.keep("bare"), at(0), at(0));
    await writeFile(dir.join("sessions", "other.jsonl"), "hello");
    const listed = await dir.list();
    expect(listed.map(({ sessionId, title }) => [sessionId, title])).toEqual([
      ["new", "x".repeat(80)],
      ["old", "dig"],
      ["bare", ""],
    ]);
    expect(listed[1]).toMatchObject({ cwd: "/p", updatedAt: at(1) });
  });

  test("says what it cannot keep, and goes on", async () => {
    await using dir = await folder();
    const file = dir.open("nowhere");
    file.add(user("dig"));
    await file.flush();
    expect(dir.errors[0]).toStartWith("cannot keep the session: ENOENT");
  });
});
