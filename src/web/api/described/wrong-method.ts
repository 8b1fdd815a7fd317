// Tells a path of the API that takes other methods apart from one that is not there.
import { operations } from "./operations.ts";

/** The methods that the path takes, such as `["GET", "HEAD"]`; empty if there is no such path. */
export function methodsAt(path: string): readonly string[] {
  const methods = operations
    .filter((each) => pathPattern(each.path).test(path))
    .flatMap(({ method }) => (method === "get" ? ["GET", "HEAD"] : [method.toUpperCase()]));
  return [...new Set(methods)].sort();
}

function pathPattern(path: string): RegExp {
  return new RegExp(`^${path.replaceAll(".", "\\.").replaceAll(/\{\w+\}/g, "[^/]+")}$`);
}
