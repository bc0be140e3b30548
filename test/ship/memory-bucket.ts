/** A bucket that is not at S3: the same promises, and faults where a test wants them. */
import type { AwsAnswer } from "../../src/aws/client.ts";
import type { S3Bucket, S3Upload } from "../../src/aws/s3.ts";
import type { OpenUpload, UploadedPart } from "../../src/aws/s3-xml.ts";
import type { S3Operation } from "../../src/ship/object-patience.ts";

type Verdict = Extract<AwsAnswer, { readonly kind: "failed" }>["verdict"];
type Failed = Extract<AwsAnswer<never>, { readonly kind: "failed" }>;

export interface Fault {
  /** Whether the request took effect all the same. */
  readonly done?: boolean;
  readonly verdict: Verdict;
}

export interface BucketRequest {
  readonly operation: S3Operation;
  readonly key: string;
  readonly bytes: number;
}

export class MemoryBucket implements S3Bucket {
  readonly bucket = "memory";
  /** In the order in which their keys were first put. */
  readonly objects = new Map<string, Uint8Array>();
  readonly contentTypes = new Map<string, string>();
  readonly uploads = new Map<string, { readonly key: string; readonly parts: Map<number, Uint8Array> }>();
  readonly requests: BucketRequest[] = [];
  inFlight = 0;
  inFlightMost = 0;
  /** Asked once for each request. */
  fault: (request: BucketRequest) => Fault | undefined | Promise<Fault | undefined> = () => undefined;

  put(key: string, body: Uint8Array<ArrayBuffer>, contentType: string): Promise<AwsAnswer<undefined>> {
    return this.request({ operation: "put", key, bytes: body.length }, () =>
      this.store(key, body.slice(), contentType),
    );
  }

  createUpload(key: string, contentType: string): Promise<AwsAnswer<S3Upload>> {
    return this.request({ operation: "create", key, bytes: 0 }, () => {
      const uploadId = `upload-${this.requests.length}`;
      this.uploads.set(uploadId, { key, parts: new Map() });
      this.contentTypes.set(uploadId, contentType);
      return { key, uploadId, checksums: true };
    });
  }

  uploadPart(
    upload: S3Upload,
    partNumber: number,
    body: Uint8Array<ArrayBuffer>,
  ): Promise<AwsAnswer<UploadedPart>> {
    const { key, uploadId } = upload;
    return this.request({ operation: "part", key, bytes: body.length }, () => {
      const open = this.uploads.get(uploadId);
      if (open === undefined) return gone;
      open.parts.set(partNumber, body.slice());
      return { partNumber, etag: `"${partNumber}"`, sha256: undefined };
    });
  }

  completeUpload({ key, uploadId }: S3Upload, parts: readonly UploadedPart[]): Promise<AwsAnswer<undefined>> {
    return this.request({ operation: "complete", key, bytes: 0 }, () => {
      const bodies = parts.map(({ partNumber }) => this.uploads.get(uploadId)?.parts.get(partNumber));
      if (bodies.some((body) => body === undefined)) return gone;
      this.uploads.delete(uploadId);
      this.store(
        key,
        new Uint8Array(Buffer.concat(bodies as Uint8Array[])),
        this.contentTypes.get(uploadId)!,
      );
      return undefined;
    });
  }

  abortUpload({ key, uploadId }: OpenUpload): Promise<AwsAnswer<undefined>> {
    return this.request({ operation: "abort", key, bytes: 0 }, () => void this.uploads.delete(uploadId));
  }

  listUploads(key: string): Promise<AwsAnswer<readonly OpenUpload[]>> {
    return this.request({ operation: "list", key, bytes: 0 }, () =>
      [...this.uploads].filter(([, open]) => open.key === key).map(([uploadId]) => ({ key, uploadId })),
    );
  }

  head(key: string): Promise<AwsAnswer<number | undefined>> {
    return this.request({ operation: "head", key, bytes: 0 }, () => this.objects.get(key)?.length);
  }

  /** All objects in one. */
  text(): string {
    return Buffer.concat([...this.objects.values()]).toString();
  }

  private store(key: string, body: Uint8Array, contentType: string): undefined {
    this.objects.set(key, body);
    this.contentTypes.set(key, contentType);
  }

  private async request<T>(request: BucketRequest, run: () => T | typeof gone): Promise<AwsAnswer<T>> {
    this.requests.push(request);
    this.inFlightMost = Math.max(this.inFlightMost, ++this.inFlight);
    try {
      const fault = await this.fault(request);
      if (fault !== undefined && fault.done !== true) return failed(fault.verdict);
      const value = run();
      if (fault !== undefined) return failed(fault.verdict);
      return value === gone ? failed(restart("NoSuchUpload")) : { kind: "answered", value: value as T };
    } finally {
      this.inFlight--;
    }
  }
}

export function retryable(reason: string, throttled = false): Verdict {
  return { kind: "retryable", throttled, reason, message: reason, recovery: "none" };
}

export function restart(reason: string): Verdict {
  return { kind: "retryable", throttled: false, reason, message: reason, recovery: "restart-upload" };
}

export function refused(reason: string): Verdict {
  return { kind: "refused", scope: "put", reason, message: reason, recovery: "none" };
}

export function blocked(reason: string): Verdict {
  return { kind: "blocked", reason, message: reason, recovery: "none" };
}

const gone = Symbol("gone");

function failed(verdict: Verdict): Failed {
  const failure = {
    status: undefined,
    code: verdict.reason,
    message: "",
    serverDateMs: undefined,
    signedAtMs: undefined,
  };
  return { kind: "failed", failure, verdict };
}
