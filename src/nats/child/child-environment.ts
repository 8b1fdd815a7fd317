// The environment for the programs that need little of ours: nats-server, and a program that is asked for its version.

/** The variables to pass on. Windows cannot open a socket without SystemRoot, or run a `.cmd` without ComSpec. */
const needed = ["PATH", "HOME", "SystemRoot", "TEMP", "TMP", "ComSpec", "PATHEXT", "USERPROFILE", "APPDATA"];

/** Passes on only the needed variables, because the others may hold API keys. */
export function childEnvironment(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return Object.fromEntries(
    needed.map((name) => [name, env[name]]).filter(([, value]) => value !== undefined),
  );
}
