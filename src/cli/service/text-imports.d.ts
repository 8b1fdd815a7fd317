// The templates of services are imported as text.
declare module "*.plist" {
  const text: string;
  export = text;
}
declare module "*.service" {
  const text: string;
  export = text;
}
declare module "*.xml" {
  const text: string;
  export = text;
}
