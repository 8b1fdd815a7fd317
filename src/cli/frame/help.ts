// What `cliai`, `cliai --help` and `cliai --version` print.
import { buildInfo } from "../../build-info.ts";
import { commands } from "./commands.ts";
import { alignRows } from "./terminal.ts";

export function shortHelp(): string {
  const shown = Object.entries(commands).filter(([, { isHidden }]) => isHidden !== true);
  const rows = shown.map(([name, { description }]) => [`  ${name}`, description]);
  return [
    "cliai runs, watches and steers many command-line AI agents over NATS.",
    "",
    "usage: cliai COMMAND [options]",
    "",
    ...alignRows(rows).map((cells) => cells.join("  ")),
    "",
    "cliai COMMAND --help lists a command's options; cliai --version prints the version.",
  ].join("\n");
}

export function versionText(json: boolean): string {
  const { version, commit, embeddedServer } = buildInfo;
  if (json) return JSON.stringify({ version, commit, nats_version: embeddedServer?.version ?? null });
  const server =
    embeddedServer === undefined ? "no nats-server inside" : `nats-server ${embeddedServer.version}`;
  return `cliai ${version} (${commit}), ${server}`;
}
