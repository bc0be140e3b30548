/** All services behind the one port: checks a call, carries it out, tells what became of it. */
import { applyForm } from "./answer-form.ts";
import { type Answer, type Call, CallRefusal, errorAnswer } from "./call.ts";
import type { FakeAwsOptions } from "./fake-aws.ts";
import type { FakeService } from "./fault.ts";
import type { Meeting } from "./fault-book.ts";
import { createFirehose, type Firehose } from "./firehose.ts";
import { createKeys, type FakeCredentials, type Keys } from "./keys.ts";
import { createKinesis, type Kinesis } from "./kinesis.ts";
import { createS3, type S3 } from "./s3.ts";
import { createObjectStore, type ObjectStore } from "./s3-store.ts";
import { answerContainer, answerSts, type StsOptions } from "./sts.ts";
import { addProblem, countAnswer, type Tally } from "./tally.ts";

export interface Services {
  readonly keys: Keys;
  readonly kinesis: Kinesis;
  readonly firehose: Firehose;
  readonly store: ObjectStore;
  /** Never rejects. */
  answer(call: Call, meeting: Meeting): Answer;
}

export interface ServicesOptions {
  readonly options: FakeAwsOptions;
  readonly region: string;
  readonly credentials: FakeCredentials;
  readonly containerToken: string;
  readonly tally: Tally;
  /** The fake's clock, in ms since the epoch. */
  readonly now: () => number;
}

const accountId = "000000000000";
const tokenLifetimeMsDefault = 3_600_000;

export function createServices(given: ServicesOptions): Services {
  const { options, region, credentials, containerToken, tally, now } = given;
  const keys = createKeys({ region, now });
  keys.add(credentials);
  const times = { now, monotonicMs: () => performance.now() };
  const hashesOnly = options.keep === "line-hashes";
  const store = createObjectStore({
    now,
    hashesOnly,
    objectsDirectory: options.objectsDirectory,
    onReplaced: (bucket, key) =>
      addProblem(tally, `s3: ${bucket}/${key} was replaced by other bytes: its lines count twice`),
  });
  const log = (what: string) => options.log?.(`${new Date(now()).toISOString()} ${what}`);
  const parts: Parts = {
    keys,
    kinesis: createKinesis({ region, accountId, times, tally, hashesOnly }),
    firehose: createFirehose({ region, accountId, times, tally, store, hashesOnly, log }),
    s3: createS3({ store, region, now }),
    sts: {
      keys,
      accountId,
      containerToken,
      tokenLifetimeMs: options.tokenLifetimeMs ?? tokenLifetimeMsDefault,
    },
    tally,
  };
  return {
    ...parts,
    store,
    answer(call, meeting) {
      tally.bytesIn += call.body.byteLength;
      const [answer, outcome] = answerCall(parts, call, meeting);
      countAnswer(tally, call.service, call.operation, outcome);
      log(`${describeCall(call)}: ${outcome}${failedOf(answer)}`);
      return answer;
    },
  };
}

interface Parts {
  readonly keys: Keys;
  readonly kinesis: Kinesis;
  readonly firehose: Firehose;
  readonly s3: S3;
  readonly sts: StsOptions;
  readonly tally: Tally;
}

/** The answer, and in short what it says. */
function answerCall(parts: Parts, call: Call, meeting: Meeting): readonly [Answer, string] {
  const { service, operation } = call;
  const [answer, outcome] = tryCall(parts, call, meeting);
  // S3 names each answer; its clients show the name in their errors.
  const named =
    service === "s3" ? { ...answer, headers: { "x-amz-request-id": "fake", ...answer.headers } } : answer;
  if (meeting.form === undefined) return [named, outcome];
  if (outcome !== String(answer.status)) return [named, outcome];
  return [applyForm(meeting.form, { ...call, service, operation }, named), `${outcome} as ${meeting.form}`];
}

function tryCall(parts: Parts, call: Call, meeting: Meeting): readonly [Answer, string] {
  try {
    const answer = carryOut(parts, call, meeting);
    return [answer, String(answer.status)];
  } catch (error) {
    const refusal =
      error instanceof CallRefusal
        ? error
        : new CallRefusal("InternalFailure", `the fake failed: ${String(error)}`, { status: 500 });
    const { code, message, status, blameless } = refusal;
    if (!blameless) addProblem(parts.tally, `${call.service}.${call.operation}: ${code}: ${message}`);
    return [errorAnswer(call.service, refusal, "fake"), `${status} ${code}`];
  }
}

function carryOut(parts: Parts, call: Call, meeting: Meeting): Answer {
  const { error } = meeting;
  if (call.service !== "sts" && call.service !== "credentials") parts.keys.check(call);
  if (error !== undefined && error.stored !== true) throw refusalOnCommand(call.service, error);
  const answer = answerOf(parts, call, meeting);
  if (error !== undefined) throw refusalOnCommand(call.service, error);
  return answer;
}

function answerOf({ kinesis, firehose, s3, sts }: Parts, call: Call, meeting: Meeting): Answer {
  switch (call.service) {
    case "kinesis":
      return kinesis.answer(call, meeting);
    case "firehose":
      return firehose.answer(call, meeting);
    case "s3":
      return s3.answer(call, meeting);
    case "sts":
      return answerSts(sts, call, meeting);
    case "credentials":
      return answerContainer(sts, call);
  }
}

function refusalOnCommand(service: FakeService, error: NonNullable<Meeting["error"]>): CallRefusal {
  const { code, message = "as commanded", status = statusOf(service, code), headers = {} } = error;
  return new CallRefusal(code, message, { status, headers, blameless: true });
}

/** The status that the service sends with this code. */
function statusOf(service: FakeService, code: string): number {
  if (/^(InternalFailure|InternalFailureException|InternalError|InternalServerError)$/.test(code)) return 500;
  if (/^(ServiceUnavailable|ServiceUnavailableException|SlowDown)$/.test(code)) return 503;
  if (code === "BadGateway") return 502;
  if (code === "GatewayTimeout") return 504;
  const xml = service === "s3" || service === "sts";
  if (xml && /^(AccessDenied|SignatureDoesNotMatch|InvalidAccessKeyId|RequestTimeTooSkewed)$/.test(code))
    return 403;
  if (service === "sts" && /^(ExpiredToken|InvalidClientTokenId)$/.test(code)) return 403;
  if (service === "s3" && /^NoSuch/.test(code)) return 404;
  return 400;
}

/** How many records failed, as the answer tells near its beginning. */
function failedOf({ body }: Answer): string {
  const failed =
    typeof body === "string" ? /"Failed(?:Record|Put)Count":(\d+)/.exec(body.slice(0, 100))?.[1] : "0";
  return failed === undefined || failed === "0" ? "" : `, ${failed} records failed`;
}

function describeCall({ service, operation, method, target, body }: Call): string {
  const what = service === "s3" ? ` ${method} ${target}` : "";
  return `${service}.${operation || "?"}${what} ${body.byteLength} B`;
}
