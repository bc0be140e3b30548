/** Kinesis behind an in-process fetch: shards with little room, reshards, tokens that expire, clocks that differ. */
import { type AwsClient, createAwsClient, type Fetch } from "../../src/aws/client.ts";
import { type Credentials, createCredentialsSource } from "../../src/aws/credentials.ts";
import { sleep } from "../../src/clock.ts";
import { createKinesisSink } from "../../src/sink/kinesis.ts";
import type { Sink } from "../../src/sink/sink.ts";
import { listShards } from "../support/fake-aws/kinesis-read.ts";
import {
  createStream,
  type KinesisStream,
  reshard,
  shardOf,
  takeRoom,
} from "../support/fake-aws/kinesis-stream.ts";
import { silentLog } from "../support/silent-log.ts";
import type { VirtualClock } from "../support/virtual-clock.ts";
import type { Chance } from "./chance.ts";
import { type CallFault, callFaults, error, type Reply, respond } from "./kinesis-reply.ts";
import { poisonMark } from "./payload.ts";
import type { ProcessClock } from "./process-clock.ts";
import { longestLine, type SimSettings } from "./settings.ts";
import type { Store } from "./store.ts";

export interface FakeStreamOptions {
  readonly settings: SimSettings;
  readonly clock: VirtualClock;
  readonly chance: Chance;
  readonly store: Store;
  readonly note: (what: string) => void;
}

/** One call as it was when it left, and its fate: drawn then, so that the order of signing changes nothing. */
interface Sent {
  readonly fault: CallFault | undefined;
  readonly travelMs: number;
  readonly answerMs: number;
  readonly rolls: () => number;
  /** Ends what keeps time from passing. */
  release: () => void;
  isOver: boolean;
}

const name = "sim";
const skewMaxMs = 5 * 60_000;
const mebibyte = 1024 * 1024;

export class FakeStream {
  private readonly options: FakeStreamOptions;
  private readonly stream: KinesisStream;
  /** How many times its size a record takes of its shard's second. */
  private readonly weight: number;
  private faultShare: number;
  private validKey = 0;
  private handedKey = 0;
  private credentialsFail = 0;

  constructor(options: FakeStreamOptions) {
    const { chance, clock, settings } = options;
    this.options = options;
    const times = { now: () => clock.now(), monotonicMs: () => clock.monotonicMs() };
    const of = { name, region: "us-east-1", accountId: "000000000000", shards: settings.shards };
    this.stream = createStream({ ...of, distributesItself: chance.happens(0.15) }, times);
    const batchBytes = Math.max(
      settings.batchBytesMax,
      Math.min(longestLine(settings), settings.pendingBytesMax),
    );
    const recordBytesMax = Math.min(settings.recordBytesMax ?? 205_000, batchBytes) + 50;
    // Not below 64 KiB a second: senders could not be served by one shard within their patience.
    this.weight = Math.max(1, Math.min(chance.pick([1, 8, 16]), Math.floor(mebibyte / recordBytesMax)));
    this.faultShare = chance.pick([0, 0.1, 0.4]);
    this.credentialsFail = chance.pick([0, 0.3]);
  }

  begin(untilMs: number): void {
    const { clock, chance, note } = this.options;
    for (let count = chance.int(0, 3); count > 0; count--) {
      clock.after(chance.int(0, untilMs), () => {
        note("reshard");
        reshard(this.stream, chance.int(1, 6));
      });
    }
    for (let count = chance.int(0, 2); count > 0; count--) {
      const atMs = chance.int(0, untilMs);
      clock.after(atMs, () => {
        note("token expires");
        this.validKey++;
      });
      // Sometimes the old ones are handed out for a while.
      clock.after(
        Math.min(untilMs, atMs + chance.pick([0, 0, 20_000])),
        () => (this.handedKey = this.validKey),
      );
    }
  }

  calm(): void {
    this.faultShare = 0;
    this.credentialsFail = 0;
    this.handedKey = this.validKey;
  }

  /** A sink of one process. */
  openSink(inside: ProcessClock): Sink {
    const { settings, chance, clock } = this.options;
    const calls = new Map<unknown, Sent>();
    let current: Sent | undefined;
    const credentials = createCredentialsSource({
      load: () => this.load(inside),
      ...{ clock: inside, log: silentLog },
    });
    const fetch: Fetch = (_, init) => {
      const sent = calls.get(init.body)!;
      sent.release();
      return this.send(sent, init, inside);
    };
    const client = createAwsClient({
      service: "kinesis",
      region: "us-east-1",
      endpoint: new URL("https://kinesis.test"),
      credentials: {
        async get() {
          const sent = current;
          const found = await credentials.get();
          // Signing ends by itself, but not by promises alone.
          if (sent?.isOver === false && !inside.isDead) sent.release = clock.hold();
          return found;
        },
        invalidate: (used) => credentials.invalidate(used),
      },
      ...{ fetch, clock: inside, log: silentLog, userAgent: "sim", attemptTimeoutMs: settings.putTimeoutMs },
    });
    const post: AwsClient["post"] = async (target, body, signal) => {
      const sent = this.draw();
      calls.set(body, sent);
      current = sent;
      try {
        const answer = client.post(target, body, signal);
        current = undefined;
        return await answer;
      } finally {
        sent.isOver = true;
        sent.release();
        calls.delete(body);
      }
    };
    const spread = chance.happens(0.8) ? { log: silentLog, onShards: () => undefined } : undefined;
    return createKinesisSink({
      client: { ...client, post },
      stream: name,
      ...{ random: chance.random, clock: inside, spread },
    });
  }

  private draw(): Sent {
    const { chance, note } = this.options;
    const fault = chance.happens(this.faultShare) ? chance.pick(callFaults) : undefined;
    if (fault !== undefined) note(fault);
    const travelMs = chance.random() * 40;
    const answerMs = travelMs + chance.random() * (fault === "slow answer" ? 15_000 : 40);
    let state = chance.int(1, 2 ** 31 - 1);
    const rolls = () => {
      state = Math.imul(state, 48_271) & 0x7fff_ffff;
      return state / 2 ** 31;
    };
    return { fault, travelMs, answerMs, rolls, release: () => undefined, isOver: false };
  }

  private async load(inside: ProcessClock): Promise<Credentials> {
    const { chance, note } = this.options;
    const fails = chance.happens(this.credentialsFail);
    await sleep(inside, chance.int(0, 2_000));
    if (fails) {
      note("credentials fail");
      throw new Error("the credentials service is away");
    }
    const accessKeyId = `AKID${this.handedKey}`;
    return { accessKeyId, secretAccessKey: "secret", sessionToken: "token", expirationMs: undefined };
  }

  private send(sent: Sent, init: RequestInit, inside: ProcessClock): Promise<Response> {
    const { clock } = this.options;
    const { fault, travelMs, answerMs } = sent;
    const signal = init.signal!;
    return new Promise((resolve, reject) => {
      let reply: Reply | undefined;
      const confirm: (() => void)[] = [];
      const arrives = fault !== "reset before" && fault !== "kinesis hangs";
      if (arrives) clock.after(travelMs, () => (reply = this.answer(sent, init, confirm)));
      const end = () => {
        signal.removeEventListener("abort", giveUp);
        if (reply === undefined || fault === "reset after")
          return reject(new Error("fetch failed: ECONNRESET"));
        if (fault === undefined || fault === "slow answer" || fault === "entries fail")
          for (const run of confirm) run();
        // Reading the answer ends by itself, too.
        sent.release = clock.hold();
        resolve(respond(reply, fault, clock.now()));
      };
      const cancel = fault === "kinesis hangs" ? () => undefined : inside.after(answerMs, end);
      const giveUp = () => {
        cancel();
        reject(signal.reason);
      };
      if (signal.aborted) giveUp();
      else signal.addEventListener("abort", giveUp, { once: true });
    });
  }

  /** What the service does with a call. */
  private answer({ fault, rolls }: Sent, init: RequestInit, confirm: (() => void)[]): Reply {
    const headers = new Headers(init.headers);
    const refusal = this.checkSignature(headers);
    if (refusal !== undefined) return refusal;
    if (fault === "5xx before") return error(503, "ServiceUnavailable", "later");
    if (fault === "throttled whole")
      return error(400, "ProvisionedThroughputExceededException", "Rate exceeded");
    const input = JSON.parse(new TextDecoder().decode(init.body as Uint8Array)) as Record<string, unknown>;
    if (headers.get("x-amz-target")!.endsWith("ListShards")) {
      return { status: 200, body: JSON.stringify(listShards(input, () => this.stream)) };
    }
    const entries = input["Records"] as { Data: string; PartitionKey: string; ExplicitHashKey?: string }[];
    const data = entries.map(({ Data }) => Buffer.from(Data, "base64"));
    if (data.some((each) => each.includes(poisonMark))) {
      this.options.note("refused");
      return error(400, "InvalidArgumentException", "a record is refused for what it holds");
    }
    const Records = entries.map((entry, i) => this.put(entry, data[i]!, fault, rolls, confirm));
    const FailedRecordCount = Records.filter((each) => "ErrorCode" in each).length;
    if (fault === "5xx after") return error(500, "InternalFailure", "who knows");
    return { status: 200, body: JSON.stringify({ FailedRecordCount, Records, EncryptionType: "NONE" }) };
  }

  private put(
    { PartitionKey, ExplicitHashKey }: { readonly PartitionKey: string; readonly ExplicitHashKey?: string },
    data: Uint8Array,
    fault: CallFault | undefined,
    rolls: () => number,
    confirm: (() => void)[],
  ): Record<string, string> {
    const { store, note } = this.options;
    const shard = shardOf(this.stream, PartitionKey, ExplicitHashKey);
    if (!takeRoom(this.stream, shard, (data.length + PartitionKey.length) * this.weight)) {
      note("shard throttles");
      return { ErrorCode: "ProvisionedThroughputExceededException", ErrorMessage: "Rate exceeded for shard" };
    }
    const fails = fault === "entries fail" && rolls() < 0.5;
    const isStored = !fails || rolls() < 0.5;
    const ticket = isStored ? store.keep(data) : undefined;
    if (fails) return { ErrorCode: "InternalFailure", ErrorMessage: "Internal service failure." };
    confirm.push(() => store.confirm(ticket!));
    return { SequenceNumber: `${49 + rolls()}`, ShardId: shard.id };
  }

  private checkSignature(headers: Headers): Reply | undefined {
    const { clock, note } = this.options;
    const key = /Credential=AKID(\d+)\//.exec(headers.get("authorization") ?? "")?.[1];
    const [, y, mo, d, h, mi, s] = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/.exec(
      headers.get("x-amz-date") ?? "",
    )!;
    const signedAtMs = Date.UTC(Number(y), Number(mo) - 1, Number(d), Number(h), Number(mi), Number(s));
    if (Math.abs(signedAtMs - clock.now()) > skewMaxMs) {
      note("clock is off");
      return error(400, "InvalidSignatureException", "Signature expired: it is now later than it was");
    }
    if (Number(key) === this.validKey) return undefined;
    note("token expired");
    return error(400, "ExpiredTokenException", "The security token included in the request is expired");
  }
}
