// The programs of configs/examples, each as its first lines say that it is started, with its pinned packages.
import { join } from "node:path";
import { type Child, startChild } from "./child.ts";
import { installPythonPackages, python } from "./python-packages.ts";

const examples = join(import.meta.dirname, "..", "..", "configs", "examples");

/** @param env what the program is told: AGENT_ID, NATS_URL, NATS_CREDS … */
export async function startPythonAgent(env: Readonly<Record<string, string>>): Promise<Child> {
  const dir = join(examples, "python");
  const site = await installPythonPackages(join(dir, "requirements.txt"), "python-example");
  return await startChild(python, [join(dir, "agent.py")], {
    env: { ...process.env, ...env, PYTHONPATH: site, PYTHONDONTWRITEBYTECODE: "1" },
  });
}
