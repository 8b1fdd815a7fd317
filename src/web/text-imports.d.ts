// The browser's own files are imported as text (see assets.ts), and no other .js file is of ours.
// Their own types are checked by browser/tsconfig.json.
declare module "*.js" {
  const text: string;
  export = text;
}
declare module "*.css" {
  const text: string;
  export = text;
}
