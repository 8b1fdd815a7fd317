// Whether a closed terminal ends this process.
import { readFileSync } from "node:fs";
import process from "node:process";

/**
 * Whether this process was started to outlive its terminal, as by `nohup`. Undefined where the system does not tell it (macOS). Ask before anything
 * listens for SIGHUP, because a listener replaces what was inherited.
 * @param path of the file in which Linux tells the signals that this process ignores (proc(5))
 */
export function ignoresHangup(platform = process.platform, path = "/proc/self/status"): boolean | undefined {
  if (platform === "win32") return false;
  try {
    const mask = /^SigIgn:\s*([0-9a-f]+)$/m.exec(readFileSync(path, "utf8"))?.[1];
    return mask === undefined ? undefined : (BigInt(`0x${mask}`) & 1n) === 1n;
  } catch {
    return undefined; // there is no such file
  }
}
