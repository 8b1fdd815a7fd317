// The links of notices that answer one request, on the real app: what they show, what they do once, and what they refuse.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import type { AgentRequest } from "../../../src/domain/requests.ts";
import { redact } from "../../../src/domain/text/redact.ts";
import type { AccessOptions } from "../../../src/web/access/access.ts";
import { type AnswerLinkDesk, answerLinkPath, openAnswerLink } from "../../../src/web/access/answer-links.ts";
import { shownText } from "../../support/shown-text.ts";
import { waitFor } from "../../support/wait-for.ts";
import { errorOf, startTestApp, type TestApp } from "../test-app.ts";

const key = "k".repeat(43);
const host = "127.0.0.1:3000";
const origin = `http://${host}`;
const allowed = new Set(["phone question", "phone permission", "ops question"]);
const desk: AnswerLinkDesk = {
  key,
  mayAnswer: async (recipient, kind) => allowed.has(`${recipient} ${kind}`),
};
const access: AccessOptions = {
  ...{ token: () => "token-of-more-than-32-characters-xx", onRotated: () => () => undefined },
  ...{ instance: "i", port: 3000, secure: false, now: () => new Date() },
};
let web: TestApp;
beforeAll(async () => {
  web = await startTestApp({ access, answerLinks: desk });
  await web.heartbeat("ada");
});
afterAll(() => web[Symbol.asyncDispose]());

async function asked(tool: string, args: object): Promise<AgentRequest> {
  const request_id = crypto.randomUUID();
  const call = { request_id, tool, arguments: { wait_s: 0, ...args } };
  const answer = await web.bus.request("tools.call.ada", call, { timeoutMs: 60_000 });
  const id = JSON.parse(new TextDecoder().decode(answer)).result.request_id;
  return await waitFor(() => web.test.server.requests.get(id), { what: "the request" });
}
const question = () => asked("ask_human", { question: "Which colour?", choices: ["red", "blue"] });
const linkTo = (request: AgentRequest, by = "phone", now = new Date()) =>
  answerLinkPath(key, request, by, now);
const get = (path: string, headers: Record<string, string> = {}) =>
  Promise.resolve(web.app.request(origin + path, { headers: { host, ...headers } }));
const post = (path: string, fields: Record<string, string>, headers: Record<string, string> = {}) => {
  const body = new URLSearchParams(path.split("?")[1]);
  for (const [name, value] of Object.entries(fields)) body.set(name, value);
  return Promise.resolve(
    web.app.request(`${origin}/answer`, { method: "POST", headers: { host, origin, ...headers }, body }),
  );
};
const stateOf = ({ request_id }: AgentRequest) => web.test.server.requests.get(request_id);
const asJson = { accept: "application/json" };

describe("a link that answers", () => {
  test("shows one request to whoever has it, however often it is opened, and changes nothing", async () => {
    const request = await question();
    for (let times = 0; times < 2; times += 1) {
      const page = await get(linkTo(request));
      expect(page.status).toBe(200);
      const html = await page.text();
      expect(shownText(html)).toContain("You answer as phone (link) , and ada is told so.");
      expect(html).toContain('value="blue"');
      expect(html).not.toContain("<script");
      expect(page.headers.get("set-cookie")).toBeNull();
      expect(page.headers.get("cache-control")).toBe("no-store");
      // The address has the code: no request of the page says it.
      expect(page.headers.get("referrer-policy")).toBe("strict-origin");
      expect(page.headers.get("content-security-policy")).toContain("default-src 'none'");
    }
    expect(stateOf(request)?.state).toBe("asked");
  });

  test("answers once, as whose it is; a second try, and the page, then say that it was used", async () => {
    const request = await question();
    const link = linkTo(request);
    const done = await post(link, { choice: "blue" });
    expect(done.status).toBe(200);
    expect(shownText(await done.text())).toContain("Answered Which colour? blue ada is told.");
    expect(stateOf(request)).toMatchObject({
      state: "answered",
      answer: { text: "blue", by: "phone (link)" },
    });
    for (const again of [await post(link, { choice: "red" }), await get(link)]) {
      expect(again.status).toBe(409);
      expect(shownText(await again.text())).toContain("This link has been used");
    }
    expect(stateOf(request)?.answer?.text).toBe("blue");
    const other = await errorOf(await get(linkTo(request, "ops"), asJson));
    expect(other).toMatchObject({ code: "decided_already" });
    expect(other.message).toBe("ada does not ask this any more: phone (link) was first");
  });

  test("of two that are sent at once, one counts", async () => {
    const request = await question();
    const [first, second] = [linkTo(request), linkTo(request, "ops")];
    const answers = await Promise.all([post(first, { choice: "red" }), post(second, { choice: "blue" })]);
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 409]);
  });

  test("an empty answer is refused and uses nothing up; a permission is approved with its exact input shown", async () => {
    const words = await question();
    expect((await post(linkTo(words), {})).status).toBe(400);
    expect((await post(linkTo(words), { text: "green" })).status).toBe(200);
    const input = JSON.stringify({ command: "rm -r build" });
    const permission = await asked("request_permission", { tool: "Bash", input });
    const page = await get(linkTo(permission));
    expect(await page.text()).toContain("rm -r build");
    const remember = JSON.stringify({ scope: "session" });
    expect((await post(linkTo(permission), { verdict: "approve", remember })).status).toBe(200);
    expect(stateOf(permission)?.answer).toMatchObject({ approved: true, by: "phone (link)" });
    expect(web.test.server.rules.list()).toEqual([]);
  });

  test.each<[string, (link: string, other: AgentRequest) => string]>([
    ["with an altered code", (link) => `${link}x`],
    ["of another key", (_, other) => answerLinkPath("j".repeat(43), other, "phone", new Date())],
    ["for another recipient", (link) => link.replace("by=phone", "by=ops")],
    ["for another request", (link, other) => link.replace(/request=[^&]+/, `request=${other.request_id}`)],
    ["for a request that there is not", (link) => link.replace(/request=[^&]+/, "request=r-1")],
    ["without a code", (link) => link.replace(/&code=.*/, "")],
  ])("%s is refused", async (_, alter) => {
    const [request, other] = [await question(), await question()];
    const wrong = alter(linkTo(request), other);
    const refused = await post(wrong, { choice: "red" });
    expect(refused.status).toBe(403);
    expect((await get(wrong)).status).toBe(403);
    expect(shownText(await refused.text())).toContain("This link answers nothing");
    for (const each of [request, other]) expect(stateOf(each)?.state).toBe("asked");
  });

  test("of another run of the agent is refused", async () => {
    const request = await question();
    const link = linkTo({ ...request, run: "an-earlier-run" });
    expect((await post(link, { choice: "red" })).status).toBe(403);
  });

  test("is over after four hours, and when its recipient may answer such requests no more", async () => {
    const request = await question();
    const old = linkTo(request, "phone", new Date(Date.now() - 4 * 3_600_000));
    expect((await errorOf(await post(old, { choice: "red" }, asJson))).message).toBe("this link is too old");
    const link = linkTo(request);
    allowed.delete("phone question");
    const refused = await errorOf(await post(link, { choice: "red" }, asJson));
    allowed.add("phone question");
    expect(refused.message).toBe("this link may not answer this any more");
    const stop = await asked("request_stop_approval", { reason: "done", context: "", work_completed: "all" });
    expect((await post(linkTo(stop), { verdict: "approve" })).status).toBe(403);
    expect(stateOf(request)?.state).toBe("asked");
  });

  test("is sent by its own page only, and opens nothing else", async () => {
    const request = await question();
    const refused = await post(linkTo(request), { choice: "red" }, { origin: "http://evil.test" });
    expect([refused.status, stateOf(request)?.state]).toEqual([403, "asked"]);
    const body = new URLSearchParams(linkTo(request).split("?")[1]);
    body.set("choice", "red");
    const unsaid = await web.app.request(`${origin}/answer`, { method: "POST", headers: { host }, body });
    expect([unsaid.status, stateOf(request)?.state]).toEqual([403, "asked"]);
    const { search } = new URL(origin + linkTo(request));
    expect((await get(`/inbox${search}`)).status).toBe(401);
  });

  test("many wrong ones have to wait", async () => {
    const tries = await Promise.all(Array.from({ length: 40 }, () => get("/answer?by=phone&code=x")));
    const waiting = tries.find(({ status }) => status === 429);
    expect(waiting?.headers.get("retry-after")).toMatch(/^\d+$/);
  });
});

test("openAnswerLink() takes no code that was made for other words with the same letters", async () => {
  const request = { ...(await question()), run: 'x","r2","bob","y' };
  const code = new URLSearchParams(linkTo(request).split("?")[1]).get("code") ?? "";
  const other = { ...request, request_id: "r2", run: "y" };
  const sent = { by: `phone","${request.request_id}","ada","x`, request: "r2", code };
  expect(await openAnswerLink(sent, desk, () => other, new Date())).toBeUndefined();
});

test("what is logged of a link has no code", async () => {
  expect(redact(linkTo(await question()))).toMatch(/&code=\*\*\*$/);
});
