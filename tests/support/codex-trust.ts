// Makes the real Codex trust the hooks that its user has set up, as the user would do at its terminal. Codex itself tells the hash of each hook.
import { appendFile } from "node:fs/promises";
import { join } from "node:path";
import * as v from "valibot";
import { startChild } from "./child.ts";
import { codexPath } from "./codex-cli.ts";

const AnswerSchema = v.object({
  result: v.object({
    data: v.array(v.object({ hooks: v.array(v.object({ key: v.string(), currentHash: v.string() })) })),
  }),
});

export interface CodexPlace {
  readonly codexHome: string;
  readonly work: string;
  readonly env: Readonly<Record<string, string>>;
}

/** Adds an entry for each hook of the user, by which Codex trusts it, to the end of the user's `config.toml`. */
export async function trustOwnHooks({ codexHome, work, env }: CodexPlace): Promise<void> {
  await using server = await startChild(codexPath(), ["app-server"], { env, cwd: work });
  const hello = {
    clientInfo: { name: "test", version: "1" },
    capabilities: { experimentalApi: true },
  };
  const messages = [
    { id: 1, method: "initialize", params: hello },
    { method: "initialized" },
    { id: 2, method: "hooks/list", params: { cwds: [work] } },
  ];
  for (const message of messages) server.write(`${JSON.stringify(message)}\n`);
  const line = await server.line(/^\{"id":2,/);
  const { result } = v.parse(AnswerSchema, JSON.parse(line));
  const hooks = result.data.flatMap((each) => each.hooks);
  if (hooks.length === 0) throw new Error(`codex knows no hook in ${codexHome}: ${line}`);
  const lines = hooks.flatMap(({ key, currentHash }) => [
    `[hooks.state.${JSON.stringify(key)}]`,
    `trusted_hash = ${JSON.stringify(currentHash)}`,
  ]);
  await appendFile(join(codexHome, "config.toml"), `${lines.join("\n")}\n`);
}
