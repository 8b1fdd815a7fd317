// A real headless Chromium for one test: pages of a given width, what went wrong in them, screenshots.
// Driven by playwright-core over a pipe, which Bun 1.4.5 runs well.
import { chromium, type Page } from "playwright-core";
import { findChromium } from "../../src/bench/browser/find-chromium.ts";
import { tempDir } from "./temp-dir.ts";
import { patienceMs } from "./wait-for.ts";

export interface PageOptions {
  /** In CSS pixels; default 1280. */
  readonly width?: number;
  /** Default 800. */
  readonly height?: number;
  readonly colorScheme?: "light" | "dark";
  /** A phone: touched by fingers, and it takes every certificate, as after its warning. */
  readonly isPhone?: boolean;
}

export interface Browser extends AsyncDisposable {
  /** A page with cookies and storage of its own, as of another person. Ends with the browser. */
  newPage(options?: PageOptions): Promise<Page>;
  /** Uncaught errors and console errors of all pages so far: a sound page leaves it empty. */
  readonly problems: readonly string[];
}

/** Starts Chromium with a profile and a home of its own, both gone at the end. Throws when there is no Chromium. */
export async function startChromium(): Promise<Browser> {
  const executablePath = findChromium(process.env);
  await using starting = new AsyncDisposableStack();
  const home = starting.use(await tempDir());
  const browser = await chromium.launch({
    executablePath,
    env: { PATH: process.env.PATH ?? "", HOME: home.path, TMPDIR: home.path, LANG: "C.UTF-8" },
    // Playwright itself adds --no-first-run, --disable-background-networking and --disable-component-update.
    args: ["--headless", "--disable-gpu", "--disable-quic", "--disable-sync"],
    chromiumSandbox: false, // the sandbox refuses to run as root, as in CI; only our own pages are opened
  });
  starting.defer(() => browser.close());
  const running = starting.move();
  const problems: string[] = [];
  return {
    problems,
    async newPage({ width = 1280, height = 800, colorScheme = "light", isPhone = false } = {}) {
      const context = await browser.newContext({
        ...{ viewport: { width, height }, colorScheme },
        ...(isPhone && { isMobile: true, hasTouch: true, ignoreHTTPSErrors: true }),
      });
      context.setDefaultTimeout(patienceMs);
      const page = await context.newPage();
      page.on("pageerror", (error) => problems.push(`${page.url()}: ${error}`));
      page.on("console", (message) => {
        if (message.type() === "error") problems.push(`${page.url()}: ${message.text()}`);
      });
      return page;
    },
    [Symbol.asyncDispose]: () => running.disposeAsync(),
  };
}
