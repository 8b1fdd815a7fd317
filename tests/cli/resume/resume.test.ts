// Which arguments of `cliai resume` contradict each other. It finds that out before it looks for a server.
import { expect, test } from "bun:test";
import { resumeCommand } from "../../../src/cli/resume/resume.ts";
import { testContext } from "../../support/cli-context.ts";

const none = "leave --terminal out: the server starts it without a terminal";
test.each([
  [[], "resume needs the AGENT, or --all", "cliai resume ada, or: cliai resume --all"],
  [["ada", "--all"], '--all takes no AGENT, but "ada" is given', "cliai resume ada, or: cliai resume --all"],
  [["ada", "--terminal", "--headless"], "--terminal is given with --headless", none],
  [["ada", "--terminal"], "--terminal is given, and there is no terminal here", none],
  [["ada", "bob", "--terminal"], "--terminal is given with several agents", none],
])("cliai resume %p: %p", async (args, message, hint) => {
  await expect(resumeCommand.run(args, testContext())).rejects.toMatchObject({
    code: "usage",
    message,
    hint,
  });
});

test("cliai resume names the same agent once", async () => {
  const context = testContext({ isTerminal: true });
  await expect(
    resumeCommand.run(["ada", "ada", "--terminal", "--data-dir", "/nowhere"], context),
  ).rejects.not.toMatchObject({
    message: "--terminal is given with several agents",
  });
});
