// A plugin of OpenCode, which runs inside OpenCode's own process: each launch writes it into the agent's folder. Before each tool it asks
// the agent's host, and waits for the answer for as long as the host takes. It keeps OpenCode's password from the agent's commands, and from
// the user's own MCP servers, formatters and language servers, as far as their configuration takes variables.
import { readFileSync, writeFileSync } from "node:fs";
import { request } from "node:http";

const { url, token, ownTools, secrets, loaded } = JSON.parse(
  readFileSync(new URL("./opencode-gate.json", import.meta.url), "utf8"),
);

const blanked = { OPENCODE_SERVER_PASSWORD: "" };

/**
 * The formatters that OpenCode brings along and that take variables by this name. It has three more: 1.18.33 knows `air`, `clang-format` and
 * `uv` by other names in its configuration than those by which it runs them, so an entry here would run them twice, or not at all.
 */
const broughtFormatters = [
  ...["biome", "cljfmt", "dart", "dfmt", "gleam", "gofmt", "htmlbeautifier", "ktlint", "latexindent", "mix"],
  ...["nixfmt", "ocamlformat", "ormolu", "oxfmt", "pint", "prettier", "rubocop", "ruff", "rustfmt", "shfmt"],
  ...["standardrb", "terraform", "zig"],
];

/** The user's setting `formatter`, which is `true` or an object; formatters that the object does not name run, too. */
function blankedFormatters(formatter) {
  const own = Object.entries(formatter === true ? {} : formatter);
  return Object.fromEntries(
    [...broughtFormatters.map((name) => [name, {}]), ...own].map(([name, entry]) => [
      name,
      { ...entry, environment: { ...blanked, ...entry.environment } },
    ]),
  );
}

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
    /**
     * OpenCode calls this before it starts any MCP server, formatter or language server. Each of them gets OpenCode's whole environment, changed
     * by what its configuration says.
     */
    async config(config) {
      const { mcp = {}, formatter, lsp } = config;
      for (const server of Object.values(mcp)) {
        if (server.type === "local") server.environment = { ...blanked, ...server.environment };
      }
      if (formatter) config.formatter = blankedFormatters(formatter);
      if (typeof lsp !== "object") return; // Only the language servers that OpenCode brings along, which take no variables.
      for (const server of Object.values(lsp)) server.env = { ...blanked, ...server.env };
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
