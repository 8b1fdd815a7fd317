// `npm run link` and `npm run unlink`: `cliai` on the PATH of this user, and off it. Plain Node 20 without packages.
import {
  lstatSync,
  mkdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { homedir } from "node:os";
import { delimiter, join } from "node:path";

const isWindows = process.platform === "win32";

/** A failure whose message is for the person at the terminal. */
export class LinkError extends Error {}

/** Whether `cliai`, called from anywhere, is this executable. */
export function isLinked(executable) {
  return leadsTo(linkPath(), executable) && isOnPath(join(linkPath(), ".."));
}

/** Puts `cliai` into the user's own folder for programs, and says what to do where the PATH has it not. */
export function link(executable) {
  const path = linkPath();
  const dir = join(path, "..");
  if (exists(path) && !leadsTo(path, executable) && !isLinkOfOurs(path)) {
    throw new LinkError(
      `${path} is there already, and no link of cliai's\nhint: move it away, then run again`,
    );
  }
  mkdirSync(dir, { recursive: true });
  rmSync(path, { force: true });
  if (isWindows) writeFileSync(path, `@"${executable}" %*\r\n`);
  else symlinkSync(executable, path);
  process.stdout.write(`${path} leads to ${executable}\n`);
  if (isOnPath(dir)) return;
  const add = isWindows ? `setx PATH "%PATH%;${dir}"` : `export PATH="${dir}:$PATH"`;
  process.stdout.write(
    `${dir} is not on your PATH yet. Add it${isWindows ? "" : ", in your shell's start-up file"}: ${add}\n`,
  );
}

/** Takes away what `link` has made for this executable, and nothing else. */
export function unlink(executable) {
  const path = linkPath();
  if (!leadsTo(path, executable)) {
    process.stdout.write(`${path} does not lead to this clone's cliai: nothing to remove\n`);
    return;
  }
  rmSync(path);
  process.stdout.write(`removed ${path}\n`);
}

/** Where the link is; on Windows the folder is one that every user's PATH has. */
function linkPath() {
  if (!isWindows) return join(process.env.HOME || homedir(), ".local", "bin", "cliai");
  const local = process.env.LOCALAPPDATA ?? join(homedir(), "AppData", "Local");
  return join(local, "Microsoft", "WindowsApps", "cliai.cmd");
}

function leadsTo(path, executable) {
  try {
    return isWindows
      ? readFileSync(path, "utf8").includes(`"${executable}"`)
      : readlinkSync(path) === executable;
  } catch {
    return false; // nothing there, or no link
  }
}

/** Of another clone, perhaps one that is gone. */
function isLinkOfOurs(path) {
  try {
    return isWindows
      ? /\\dist\\cliai\.exe" %\*/.test(readFileSync(path, "utf8"))
      : readlinkSync(path).endsWith(join("dist", "cliai"));
  } catch {
    return false;
  }
}

function exists(path) {
  return lstatSync(path, { throwIfNoEntry: false }) !== undefined;
}

function isOnPath(dir) {
  return (process.env.PATH ?? "").split(delimiter).includes(dir);
}
