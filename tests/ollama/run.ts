// `bun run ollama`: builds the pinned Ollama, unless it is built, and runs the tests in this folder on it. With a path, it runs them on that
// Ollama instead: bun run ollama /usr/local/bin/ollama
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { messageOf } from "../../src/domain/text/errors.ts";
import { buildOllama } from "./build-ollama.ts";

const root = join(import.meta.dirname, "..", "..");
try {
  const [given] = process.argv.slice(2);
  const program = given ?? (await buildOllama());
  const args = ["test", "--timeout", "600000", "./tests/ollama/"];
  const env = { ...process.env, CLIAI_TEST_OLLAMA: program };
  const { status } = spawnSync(process.execPath, args, { cwd: root, env, stdio: ["ignore", 1, 2] });
  process.exitCode = status ?? 1;
} catch (error) {
  process.stderr.write(
    `error: Ollama cannot be built: ${messageOf(error)}\nhint: install what is missing, or name an Ollama: bun run ollama PATH\n`,
  );
  process.exitCode = 1;
}
