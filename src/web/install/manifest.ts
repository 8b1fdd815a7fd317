// This room makes the dashboard a page that can be installed: its icons and its manifest.
//
// The web app manifest, and the icons that it names (W3C Web Application Manifest).
import { iconPng, iconSvg } from "./app-icon.ts";

const icons = {
  "icon.svg": { sizes: "any", purpose: "any", make: iconSvg },
  "icon-192.png": { sizes: "192x192", purpose: "any", make: () => iconPng(192, "rounded") },
  "icon-512.png": { sizes: "512x512", purpose: "any", make: () => iconPng(512, "rounded") },
  "icon-maskable.png": { sizes: "512x512", purpose: "maskable", make: () => iconPng(512, "square") },
  "icon-touch.png": { sizes: "180x180", purpose: "maskable", make: () => iconPng(180, "square") },
} as const;

export type IconName = keyof typeof icons;
export const iconNames = Object.keys(icons) as readonly IconName[];

const made = new Map<IconName, string | Uint8Array<ArrayBuffer>>();

/** An icon as the file of its name; undefined for another name. It is drawn when it is first asked for, which takes a good 50 ms for the largest. */
export function iconFile(name: string): string | Uint8Array<ArrayBuffer> | undefined {
  const known = iconNames.find((each) => each === name);
  if (known === undefined) return undefined;
  const file = made.get(known) ?? icons[known].make();
  made.set(known, file);
  return file;
}

export const manifestName = "manifest.webmanifest";

/** @param folder the path of the folder in which the icons are, with a slash at its end */
export function manifestJson(folder: string): string {
  return JSON.stringify({
    name: "cliai",
    short_name: "cliai",
    description: "What your agents do, and what they need from you",
    id: "/",
    start_url: "/",
    scope: "/",
    display: "standalone",
    // As --page in src/web/browser/base.css, in the dark theme: shown while the page is loaded.
    background_color: "#0d1014",
    theme_color: "#0d1014",
    icons: iconNames.map((name) => {
      const { sizes, purpose } = icons[name];
      return {
        src: folder + name,
        sizes,
        purpose,
        type: name.endsWith(".svg") ? "image/svg+xml" : "image/png",
      };
    }),
    shortcuts: [{ name: "Inbox", url: "/inbox" }],
  });
}
