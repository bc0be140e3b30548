/** Which service and operation a request is for, from what stands before its body. */
import type { IncomingHttpHeaders } from "node:http";
import type { FakeService } from "./fault.ts";
import { objectAddress, objectOperation } from "./s3-address.ts";

export interface Route {
  readonly service: FakeService;
  /** "" where only the body tells. */
  readonly operation: string;
}

const targets: Readonly<Record<string, FakeService>> = {
  Kinesis_20131202: "kinesis",
  Firehose_20150804: "firehose",
};

/** One port serves all: by X-Amz-Target, else by the scope of the signature, else it is S3. */
export function routeOf(method: string, target: string, headers: IncomingHttpHeaders): Route {
  if (target.split("?", 1)[0] === credentialsPath)
    return { service: "credentials", operation: "GetCredentials" };
  const [prefix = "", operation = ""] = String(headers["x-amz-target"] ?? "").split(".");
  const byTarget = targets[prefix];
  if (byTarget !== undefined)
    return { service: byTarget, operation: /^\w+$/.test(operation) ? operation : "" };
  const scope = /Credential=[^,]*\/([a-z0-9-]+)\/aws4_request/.exec(headers.authorization ?? "")?.[1];
  if (scope === "kinesis" || scope === "firehose") return { service: scope, operation: "" };
  if (scope === "sts") return { service: "sts", operation: "" };
  // AssumeRoleWithWebIdentity is not signed: it is a form posted to the root.
  const form = (headers["content-type"] ?? "").startsWith("application/x-www-form-urlencoded");
  if (scope === undefined && method === "POST" && form) return { service: "sts", operation: "" };
  return {
    service: "s3",
    operation: objectOperation(method, objectAddress(target, headers.host ?? ""), headers),
  };
}

/** Where the fake hands out credentials as a container's agent does. */
export const credentialsPath = "/_fake/credentials";
/** What starts so is for the fake itself. */
export const controlPath = "/_fake/";
