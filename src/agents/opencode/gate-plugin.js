// A plugin of OpenCode, which runs inside OpenCode's own process: each launch writes it into the agent's folder. Before each tool it asks
// the agent's host, and waits for the answer for as long as the host takes. It keeps OpenCode's password from the agent's commands and from
// the user's own MCP servers.
import { readFileSync, writeFileSync } from "node:fs";
import { request } from "node:http";

const { url, token, ownTools, secrets, loaded } = JSON.parse(
  readFileSync(new URL("./opencode-gate.json", import.meta.url), "utf8"),
);

const blanked = { OPENCODE_SERVER_PASSWORD: "" };

/** Resolves with the host's answer. It has no deadline, because a pause may last for hours. */
function ask(hook) {
  return new Promise((resolve, reject) => {
    const headers = { authorization: `Bearer ${token}`, "content-type": "application/json" };
    const sent = request(url, { method: "POST", headers }, (response) => {
      let text = "";
      response.setEncoding("utf8");
      response.on("data", (part) => {
        text += part;
      });
      response.on("error", reject);
      response.on("end", () => {
        if (response.statusCode !== 200) return reject(new Error(`it answered ${response.statusCode}`));
        try {
          resolve(JSON.parse(text));
        } catch (error) {
          reject(error);
        }
      });
    });
    sent.on("error", reject);
    sent.end(JSON.stringify(hook));
  });
}

export const CliaiGate = async () => {
  /** The sessions of subagents. */
  const subagents = new Set();
  writeFileSync(loaded, "", { mode: 0o600 });
  return {
    /** OpenCode calls this before it starts any MCP server, each of which gets OpenCode's whole environment, changed by its `environment`. */
    async config({ mcp = {} }) {
      for (const server of Object.values(mcp)) {
        if (server.type === "local") server.environment = { ...blanked, ...server.environment };
      }
    },
    async event({ event }) {
      const info = event.type === "session.created" ? event.properties.info : undefined;
      if (info?.parentID !== undefined) subagents.add(info.id);
    },
    async "tool.execute.before"({ tool, sessionID, callID }, { args }) {
      const subagent = subagents.has(sessionID) ? sessionID : undefined;
      let deny;
      try {
        deny = (await ask({ type: "tool_start", tool, callID, subagent, args })).deny;
      } catch (error) {
        // Without the host nobody can hold or stop the agent. cliai's own tools only report, so they may run.
        if (!ownTools.includes(tool)) {
          deny = `cliai's host of this session does not answer (${error.message}), so nobody could stop this call: it has not run. End your turn.`;
        }
      }
      if (deny !== undefined) throw new Error(deny);
    },
    async "shell.env"(_, output) {
      for (const name of secrets) output.env[name] = "";
    },
  };
};
