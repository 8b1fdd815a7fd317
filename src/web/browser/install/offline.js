// The script of the page that stands in for the server: loads the wanted page as soon as the server answers again.

const firstWaitMs = 1_000;
const longestWaitMs = 10_000;
let waitMs = firstWaitMs;

addEventListener("online", () => void look());
document.querySelector("#again")?.addEventListener("click", () => location.reload());
setTimeout(tryAgain, waitMs);

async function tryAgain() {
  if (await look()) return;
  waitMs = Math.min(2 * waitMs, longestWaitMs);
  setTimeout(tryAgain, waitMs);
}

/** @returns {Promise<boolean>} whether the server is back */
async function look() {
  try {
    const answer = await fetch("/offline", { method: "HEAD", signal: AbortSignal.timeout(longestWaitMs) });
    // Before it is ready, and while it ends, the server answers everything with 503.
    if (answer.status === 503) return false;
  } catch {
    return false;
  }
  // Somebody may have opened this page by its own address.
  if (location.pathname === "/offline") location.replace("/");
  else location.reload();
  return true;
}
