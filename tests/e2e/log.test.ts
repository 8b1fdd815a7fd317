// What agents say, and `cliai log`: with real Claude Code, offline, for each way of launching it.
import { expect, test } from "bun:test";
import { startCliai, startServe } from "../support/cliai.ts";
import { startModelServer } from "../support/model-server.ts";
import { bash, startHeadless, startSteered } from "../support/steered-claude.ts";
import { waitFor } from "../support/wait-for.ts";

test("of a headless agent: told, did, said, its words as they come on stdout, its last words whole; log --follow goes on", async () => {
  await using serve = await startServe();
  await using model = await startModelServer();
  const answer = `First line.\n\n  - indented\n${"word ".repeat(400)}end`;
  model.setScript({
    rules: [
      { match: "look around", once: true, turn: { ...bash("echo looked; exit 3"), text: "I look." } },
      { match: "looked", once: true, turn: { text: answer } },
      { match: "once more", turn: { text: "Said again." } },
    ],
  });
  await using hal = await startHeadless(serve, {
    ...{ id: "hal", model, claudeArgs: ["--allowedTools", "Bash"] },
    args: ["--task", "look around"],
  });
  expect((await serve.run(["wait", "hal"])).code).toBe(0);
  await waitFor(() => hal.child.stdout === `I look.\n${answer}\n`, {
    what: "its words are on stdout",
    saw: () => hal.child.stdout,
  });
  expect(await serve.run(["log", "hal", "--last"])).toMatchObject({
    code: 0,
    stdout: `${answer}\n`,
    stderr: "",
  });

  await using following = await startCliai(["log", "hal", "--follow", "--json", "--data-dir", serve.dataDir]);
  await following.line(/"kind":"said"/);
  expect((await serve.run(["send", "task", "hal", "once more"])).code).toBe(0);
  const entry = JSON.parse(await following.line(/Said again/));
  expect(entry).toMatchObject({ agent_id: "hal", kind: "said", text: "Said again." });

  const { stdout } = await serve.run(["log", "hal"]);
  const words = stdout.split("\n").map((line) => line.replace(/^\d\d:\d\d:\d\d {2}/, ""));
  expect(words[0]).toMatch(/^\d{4}-\d\d-\d\d$/);
  const order = [
    /^told {8}prompt: look around$/,
    /^said {8}I look\.$/,
    /^calls {7}Bash: echo looked; exit 3$/,
    /^failed {6}Bash: ./,
    /^said {8}First line\.$/,
    /^ {24}- indented$/,
    /^told {8}task by .+: once more$/,
    /^said {8}Said again\.$/,
  ];
  const found = order.map((each) => words.findIndex((line) => each.test(line)));
  expect(found.every((at, index) => at > (found[index - 1] ?? 0))).toBe(true);
  const shown = await serve.run(["show", "hal"]);
  expect(shown.stdout).toMatch(/ {2}said +Said again\. \(\d+ s ago\)\n/);
  const page = await (await serve.fetch("/agents/hal")).text();
  expect(page).toContain("<blockquote>Said again.</blockquote>");
});

test("of an agent on a terminal, by its own record; and --quiet prints nothing of a headless one", async () => {
  await using serve = await startServe();
  await using model = await startModelServer();
  model.setScript({ rules: [{ match: "how is it", turn: { text: "It is **well**." } }] });
  await using ada = await startSteered(serve, { id: "ada", model });
  const none = await serve.run(["log", "ada", "--last"]);
  expect(none).toMatchObject({ code: 1, stdout: "" });
  expect(none.stderr).toBe("error: ada has said nothing yet\nhint: see what it does: cliai log ada\n");
  await ada.terminal.enter("how is it");
  await ada.until("it has said it", (agent) => "last_words" in agent);
  expect(await serve.run(["log", "ada", "--last", "--json"])).toMatchObject({ code: 0 });
  expect((await serve.run(["log", "ada", "--last"])).stdout).toBe("It is **well**.\n");

  await using quiet = await startHeadless(serve, {
    id: "quin",
    model,
    args: ["--task", "how is it", "--quiet"],
  });
  expect((await serve.run(["wait", "quin"])).code).toBe(0);
  expect((await serve.run(["log", "quin", "--last"])).stdout).toBe("It is **well**.\n");
  expect(quiet.child.stdout).toBe("");
  const unknown = await serve.run(["log", "nobody"]);
  expect(unknown).toMatchObject({ code: 2, stdout: "" });
});
