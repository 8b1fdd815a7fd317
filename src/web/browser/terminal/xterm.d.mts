// The types of xterm.mjs, which src/web/assets.ts serves beside these scripts.
export * from "@xterm/xterm";
