// `cliai hook`: the command that an agent's CLI runs as its hook, for the events and releases that have no HTTP hooks. It
// passes the hook to the session's host and prints the host's answer. If the host cannot be reached, it prints the answer of
// `--without-host`; without that flag it prints nothing, and the agent goes on.
import { readFileSync } from "node:fs";
import { listenerPaths } from "../agent-link/listener-paths.ts";
import { quickFetch } from "../direct-fetch.ts";
import { CliaiError, messageOf } from "../domain/text/errors.ts";
import { createJsonCut } from "../domain/text/json-cut.ts";
import { readStdin } from "../runtime.ts";
import { type Arguments, defineCliCommand } from "./frame/command.ts";

const hookArgs = {
  "mcp-config": {
    type: "string",
    valueHint: "FILE",
    description: "read the host's address from this MCP configuration, which cliai spawn wrote",
  },
  event: {
    type: "string",
    valueHint: "NAME",
    description: "the hook's name, for an agent CLI whose hooks do not tell it",
  },
  "without-host": {
    type: "string",
    valueHint: "ANSWER",
    description: "print this answer if the host cannot be reached (default: print nothing)",
  },
} as const;

/** Reads stdin, and cuts long strings in it. It accepts text of any size, because a hook that fails could stop the CLI. */
async function readHookInput(stdin: AsyncIterable<Uint8Array>): Promise<string> {
  const cut = createJsonCut();
  const decoder = new TextDecoder();
  let text = "";
  for await (const chunk of stdin) text += decoder.decode(cut(chunk), { stream: true });
  return text + decoder.decode();
}

/** @param event put into the payload as `hook_event_name`, where Claude Code's hooks have it; undefined leaves the payload as it is */
function named(payload: string, event: string | undefined): string {
  return event === undefined ? payload : JSON.stringify({ ...JSON.parse(payload), hook_event_name: event });
}

/**
 * The host's address in a filled-in configs/mcp-nats.json, which `cliai spawn` wrote. It is not checked by a schema, because to load valibot takes a
 * millisecond, and a hook holds up a tool call.
 */
function hostIn(path: string): { readonly url: string; readonly token: string } {
  const config: unknown = JSON.parse(readFileSync(path, "utf8"));
  const fieldOf = (of: unknown, name: string): unknown =>
    typeof of === "object" && of !== null ? Reflect.get(of, name) : undefined;
  const env = ["mcpServers", "cliai", "env"].reduce(fieldOf, config);
  const [url, token] = [fieldOf(env, "CLIAI_SESSION_URL"), fieldOf(env, "CLIAI_SESSION_TOKEN")];
  if (typeof url === "string" && typeof token === "string") return { url, token };
  throw new CliaiError("failed", `${path} names no host`);
}

export const hookCommand = defineCliCommand({
  name: "hook",
  description: "hand one hook of an agent's CLI to the host; the CLI starts it",
  args: hookArgs,
  async run(args: Arguments<typeof hookArgs>, context) {
    const path = args["mcp-config"];
    if (path === undefined) {
      throw new CliaiError("usage", "hook needs --mcp-config", {
        hint: "leave this command to the agent's CLI",
      });
    }
    try {
      const payload = named(await readHookInput(readStdin(() => context.stdin)), args.event);
      const { url, token } = hostIn(path);
      const headers = { authorization: `Bearer ${token}`, "content-type": "application/json" };
      // No deadline here: the host holds the hook for as long as a person takes, and the CLI ends it after its own time-out.
      const request = { method: "POST", headers, body: payload };
      const response = await quickFetch(url + listenerPaths.hook, request, context.env);
      if (!response.ok) throw new CliaiError("failed", `it answered ${response.status}`);
      context.print(await response.text());
    } catch (error) {
      context.log.info(`cannot pass the hook to the session's host: ${messageOf(error)}`);
      if (args["without-host"] !== undefined) context.print(args["without-host"]);
    }
    return 0;
  },
});
