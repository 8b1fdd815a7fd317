// The files for the browser are imported as text (assets.ts). No other .js file is ours. browser/tsconfig.json checks their types.
declare module "*.js" {
  const text: string;
  export = text;
}
/** The script of a package that a page loads. */
declare module "@xterm/xterm/lib/xterm.mjs" {
  const text: string;
  export = text;
}
declare module "*.css" {
  const text: string;
  export = text;
}
