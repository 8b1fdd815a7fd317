import { expect, test } from "bun:test";
import { startChild } from "./child.ts";
import { startOpenaiChatServer } from "./openai-chat-server.ts";
import { opencodePath, prepareOpencode } from "./opencode-cli.ts";
import { tempDir } from "./temp-dir.ts";

test("opencode run calls the tool that the scripted model asks for, and reaches nothing but the model server", async () => {
  await using dir = await tempDir();
  await using model = await startOpenaiChatServer({
    turns: [
      { toolUses: [{ name: "bash", input: { command: "echo from-the-shell", description: "d" } }] },
      ({ newText }) => ({ text: `I read: ${newText}` }),
    ],
  });
  const { work, env } = await prepareOpencode(dir, model);
  await using opencode = await startChild(opencodePath(), ["run", "--title", "t"], { env, cwd: work });
  opencode.write("Say something in the shell.");
  opencode.endInput();
  const { code, stdout } = await opencode.exit();
  expect(code).toBe(0);
  expect(stdout).toContain("I read: from-the-shell");
  expect(model.requests[0]?.toolNames).toContain("bash");
  expect(model.requests[0]?.authorization).toBe("Bearer dummy");
  expect(new Set(model.calls)).toEqual(new Set(["POST /v1/chat/completions"]));
});
