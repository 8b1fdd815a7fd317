// Pictures of pages, for a person who wants to see them: CLIAI_SHOTS names a folder for them. Without it, none are made.
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import type { Page } from "playwright-core";

const { CLIAI_SHOTS: folder } = process.env;

/** @param options.fullPage whether the page is shown to its end; default: what the window shows */
export async function keepPicture(
  page: Page,
  name: string,
  options: { readonly fullPage?: boolean } = {},
): Promise<void> {
  if (folder === undefined) return;
  mkdirSync(folder, { recursive: true });
  await page.screenshot({ path: join(folder, `${name}.png`), ...options });
}
