// Makes the software bill of materials (SBOM) of the executables, in the format CycloneDX 1.6: what is in them, with versions and licences.
import * as cdx from "@cyclonedx/cyclonedx-library";
import { PackageURL } from "packageurl-js";
import type { Notice } from "../../../src/build-info.ts";

export interface SbomFacts {
  readonly version: string;
  readonly description: string;
  readonly notices: readonly Notice[];
  readonly executables: readonly { readonly file: string; readonly sha256: string }[];
  readonly now: Date;
}

/** The same facts give the same text. */
export function sbomText({ version, description, notices, executables, now }: SbomFacts): string {
  const { Models, Enums, Serialize, Spec } = cdx;
  const { ComponentType, HashAlgorithm } = Enums;
  const bom = new Models.Bom({ metadata: new Models.Metadata({ timestamp: now }) });
  const own = new Models.Component(ComponentType.Application, "cliai", {
    ...{ bomRef: "cliai", version, description },
    licenses: new Models.LicenseRepository([new Models.SpdxLicense("MIT")]),
  });
  bom.metadata.component = own;
  const parts = notices.filter(({ kind }) => kind !== "own").map(partOf);
  for (const part of parts) {
    bom.components.add(part);
    own.dependencies.add(part.bomRef);
  }
  for (const { file, sha256 } of executables) {
    const hashes = new Models.HashDictionary([[HashAlgorithm["SHA-256"], sha256]]);
    bom.components.add(new Models.Component(ComponentType.File, file, { bomRef: `file:${file}`, hashes }));
  }
  const factory = new Serialize.JSON.Normalize.Factory(Spec.Spec1dot6);
  return `${new Serialize.JsonSerializer(factory).serialize(bom, { sortLists: true, space: 2 })}\n`;
}

function partOf({ name, version, license, kind }: Notice): cdx.Models.Component {
  const purl = purlOf(name, version, kind);
  const type = kind === "bun" ? cdx.Enums.ComponentType.Platform : cdx.Enums.ComponentType.Library;
  const expression = / (AND|OR|WITH) /.test(license)
    ? new cdx.Models.LicenseExpression(license)
    : new cdx.Models.SpdxLicense(license);
  return new cdx.Models.Component(type, name, {
    ...{ bomRef: purl, purl, version: version || undefined },
    licenses: new cdx.Models.LicenseRepository([expression]),
  });
}

function purlOf(name: string, version: string, kind: Notice["kind"]): string {
  if (kind === "bun-part")
    return new PackageURL("generic", undefined, name, undefined, undefined, undefined).toString();
  const [type, path] = kind === "nats-server" ? ["golang", name === "Go" ? "std" : name] : ["npm", name];
  const at = path.lastIndexOf("/");
  const namespace = at === -1 ? undefined : path.slice(0, at);
  const tag = kind === "nats-server" && version !== "" ? `v${version}` : version;
  return new PackageURL(
    type,
    namespace,
    path.slice(at + 1),
    tag || undefined,
    undefined,
    undefined,
  ).toString();
}
