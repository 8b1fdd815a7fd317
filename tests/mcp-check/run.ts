// `bun run mcp-check`: the official conformance suite of MCP, from npm at a pinned version, against /mcp/operator of a real server, in both protocol
// eras. It is not part of the gate, because it is downloaded. The files beside this one name what cannot pass, each with its reason.
import { join } from "node:path";
import { startChild } from "../support/child.ts";
import { startServe } from "../support/cliai.ts";
import { tempDir } from "../support/temp-dir.ts";

const suite = "@modelcontextprotocol/conformance@0.2.0-alpha.12";
const eras = ["2025-11-25", "2026-07-28"];

// Without a token, because the suite sends none. Who gets in with which token is tested in tests/web/mcp.
await using serve = await startServe({ args: ["--insecure"] });
for (const era of eras) {
  const expected = join(import.meta.dirname, `expected-failures-${era}.yml`);
  const how = ["--suite", "all", "--spec-version", era, "--expected-failures", expected];
  // By Bun, because the suite needs Node 22.
  const args = ["x", "--bun", suite, "server", "--url", `${serve.url}/mcp/operator`, ...how];
  // The suite writes its results into its directory.
  await using dir = await tempDir();
  await using child = await startChild(process.execPath, args, { stdin: "ignore", cwd: dir.path });
  const { code, stdout, stderr } = await child.exit(10 * 60_000);
  process.stdout.write(`MCP ${era}${stdout.slice(stdout.indexOf("\n=== SUMMARY"))}\n`);
  if (code === 0) continue;
  process.stderr.write(stderr);
  process.exitCode = 1;
}
