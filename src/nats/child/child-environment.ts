// The environment for the programs that we run ourselves: nats-server, and a program that is asked for its version.

/** Windows opens no socket without SystemRoot, and runs no `.cmd` without ComSpec. */
const needed = ["PATH", "HOME", "SystemRoot", "TEMP", "TMP", "ComSpec", "PATHEXT", "USERPROFILE", "APPDATA"];

/** Leaves out most of our environment, which may hold API keys. */
export function childEnvironment(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return Object.fromEntries(
    needed.map((name) => [name, env[name]]).filter(([, value]) => value !== undefined),
  );
}
