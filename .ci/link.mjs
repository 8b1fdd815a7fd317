// `npm run link` puts `cliai` on this user's PATH, and `npm run unlink` takes it off. Plain Node 20 without packages.
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

/** Whether `cliai`, called in any directory, runs this executable. */
export function isLinked(executable) {
  return leadsTo(linkPath(), executable) && isOnPath(join(linkPath(), ".."));
}

/** Puts a link into the user's own folder for programs. If that folder is not on PATH, it says how to add it. */
export function link(executable) {
  const path = linkPath();
  const dir = join(path, "..");
  if (exists(path) && !leadsTo(path, executable) && !isLinkOfOurs(path)) {
    throw new LinkError(
      `${path} exists already, and is not a link to cliai\nhint: move it away, then run again`,
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

/** Removes the link that `link` has made for this executable, and nothing else. */
export function unlink(executable) {
  const path = linkPath();
  if (!leadsTo(path, executable)) {
    process.stdout.write(`${path} does not lead to this clone's cliai: nothing to remove\n`);
    return;
  }
  rmSync(path);
  process.stdout.write(`removed ${path}\n`);
}

/** The path of the link. On Windows it is in a folder that is on every user's PATH. */
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

/** Whether it is a link to the cliai of another clone, which may no longer exist. */
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
