// Requests over HTTP: as a program answers them, and as a browser without scripts does.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { waitFor } from "../../support/wait-for.ts";
import { errorOf, postJson, startTestApp, type TestApp } from "../test-app.ts";

let web: TestApp;
beforeAll(async () => {
  web = await startTestApp();
});
afterAll(() => web[Symbol.asyncDispose]());

/** Asks as an agent, and gives the request's id once the server has it. */
async function ask(id: string, tool: string, args: object): Promise<string> {
  const body = { request_id: crypto.randomUUID(), tool, arguments: { wait_s: 0, ...args } };
  const response = await web.bus.request(`tools.call.${id}`, body, { timeoutMs: 60_000 });
  const { result } = JSON.parse(new TextDecoder().decode(response));
  const open = () =>
    web.test.server.requests.open().some(({ request_id }) => request_id === result.request_id);
  await waitFor(open, { what: "the request is open" });
  return result.request_id;
}

const stop = { reason: "done", context: "", work_completed: "all of it" };

const asked: Readonly<Record<string, [string, object]>> = {
  question: ["ask_human", { question: "why?" }],
  approval: ["request_stop_approval", stop],
  form: [
    "request_answers",
    {
      questions: [
        { question: "Sure?", choices: [{ label: "yes" }, { label: "no" }], takes: "choice" },
        { question: "How many?", choices: [], takes: "whole_number" },
      ],
    },
  ],
};

describe("the API", () => {
  test("lists what is open and takes the first answer; the second is told who was first", async () => {
    const request_id = await ask("ada", "ask_human", { question: "which?", choices: ["left", "right"] });
    const listed = (await (await web.app.request("/api/requests")).json()) as { request_id: string }[];
    expect(listed.find((each) => each.request_id === request_id)).toMatchObject({
      agent_id: "ada",
      kind: "question",
      question: "which?",
      choices: ["left", "right"],
      on_expiry: "expire",
    });
    const path = `/api/requests/${request_id}/answer`;
    const answered = await postJson(web.app, path, { text: "2" });
    expect(answered.status).toBe(200);
    expect(await answered.json()).toMatchObject({
      state: "answered",
      answer: { by: "kim (api)", text: "right" },
    });
    const late = await postJson(web.app, path, { text: "1" });
    expect(late.status).toBe(409);
    expect(await errorOf(late)).toMatchObject({
      code: "decided_already",
      message: expect.stringContaining("is answered already by kim (api)"),
    });
    const view = await web.viewOf("ada", ({ queued }) => queued === 1, "the answer waits for ada");
    expect(view.axes.attention.value).toBe("none");
  });

  test.each<[string, object, number, string]>([
    ["question", { approved: true }, 400, "needs words"],
    ["question", { text: " " }, 400, "needs words"],
    ["question", { text: "x", approved: true }, 400, "exactly one of text"],
    ["question", { answers: [7] }, 400, "each of answers must be text"],
    ["question", { txt: "x" }, 400, "txt"],
    ["approval", { text: "yes" }, 400, "asks for approval"],
    ["approval", { approved: "yes" }, 400, "approved must be true or false"],
    ["form", { answers: ["yes", "many"] }, 400, '"How many?" takes a whole number, not "many"'],
    ["form", { answers: ["perhaps", "3"] }, 400, '"Sure?" takes one of its choices, not "perhaps"'],
    ["form", { answers: ["yes", "3"], reason: "it is late" }, 400, "has no room for a reason"],
  ])("a %s is not answered by %p", async (kind, body, status, words) => {
    const request_id = await ask("bob", ...(asked[kind] as [string, object]));
    const response = await postJson(web.app, `/api/requests/${request_id}/answer`, body);
    expect(response.status).toBe(status);
    expect((await errorOf(response)).message).toContain(words);
    expect(web.test.server.requests.get(request_id)?.state).toBe("asked");
  });

  test("an unknown request is 404", async () => {
    const response = await postJson(web.app, "/api/requests/nothing/answer", { text: "x" });
    expect(response.status).toBe(404);
    expect((await errorOf(response)).code).toBe("request_unknown");
  });
});

describe("the inbox page", () => {
  const text = async () =>
    (await (await web.app.request("/inbox")).text())
      .replace(/<(head|svg)\b[\s\S]*?<\/\1>/g, "")
      .replace(/<[^>]+>/g, " ")
      .replace(/\s+/g, " ");
  const submit = (request_id: string, fields: Record<string, string>) =>
    web.app.request(`/inbox/${request_id}`, {
      method: "POST",
      headers: { "content-type": "application/x-www-form-urlencoded" },
      body: new URLSearchParams(fields),
    });

  test("shows each request whole, as the text it is, and what a captain handed over first", async () => {
    await web.heartbeat("dan", { current_task: "sort the mail" });
    const question = `<script>alert(1)</script>\n${"why ".repeat(200)}?`;
    const first = await ask("dan", "ask_human", { question, context: "at the fork", expires_s: 600 });
    const second = await ask("dan", "request_stop_approval", stop);
    await web.heartbeat("cap", { role: "captain" });
    const body = {
      request_id: "esc-1",
      tool: "escalate",
      arguments: { request_id: second, reason: "not mine" },
    };
    await web.bus.request("tools.call.cap", body, { timeoutMs: 60_000 });
    await waitFor(() => web.test.server.requests.get(second)?.escalated, { what: "the escalation" });
    const html = await (await web.app.request("/inbox")).text();
    expect(html).not.toContain("<script>alert");
    expect(html.indexOf(`id="request-${second}"`)).toBeLessThan(html.indexOf(`id="request-${first}"`));
    expect(html).toContain(`data-count="${web.test.server.requests.open().length}"`);
    const words = await text();
    expect(words).toContain("&lt;script&gt;alert(1)&lt;/script&gt;");
    expect(words).toContain("Task: sort the mail");
    expect(words).toContain("Escalated by cap: not mine");
    expect(words).toMatch(/Without an answer, in (9|10) min it goes unanswered/);
    expect(words).toContain("work completed: all of it");
  });

  test("answers by its forms, shows what became of it, and refuses the second with the first one's name", async () => {
    const question = await ask("eve", "ask_human", { question: "tea?", choices: ["yes, tea", "no"] });
    const answered = await submit(question, { choice: "yes, tea", text: "" });
    expect(answered.status).toBe(303);
    expect(answered.headers.get("location")).toBe(`/inbox#request-${question}`);
    expect(web.test.server.requests.get(question)?.answer).toMatchObject({
      by: "kim (page)",
      text: "yes, tea",
    });
    const late = await submit(question, { text: "no" });
    expect(late.status).toBe(409);
    expect(await late.text()).toContain("is answered already by kim (page)");
    const approval = await ask("eve", "request_stop_approval", stop);
    await submit(approval, { verdict: "refuse", reason: "not yet" });
    expect(web.test.server.requests.get(approval)?.answer).toMatchObject({
      approved: false,
      reason: "not yet",
    });
    await waitFor(async () => (await text()).includes("it waits in eve&#39;s queue"), {
      ...{ what: "the delivery is shown", saw: text },
    });
    expect(await text()).toContain("its stop is refused by kim (page): not yet");
    const empty = await submit(await ask("eve", "ask_human", { question: "why?" }), { text: "" });
    expect(empty.status).toBe(400);
  });
});
