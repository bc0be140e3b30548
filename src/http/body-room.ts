import type { Clock } from "../clock.ts";
import { OverloadedError } from "../errors.ts";

/**
 * What a request takes besides its body, until it is answered, in bytes: the objects that three runtimes make of it and
 * its connection, as measured with thousands of them, rounded up.
 */
export const requestBytes = 32 * 1024;
/** A body that came with fewer bytes a second, and had some time for it, goes first when room is short. */
const slowBytesPerSecond = 16 * 1024;
const graceMs = 5_000;
const retryAfterMs = 2_000;

export interface BodyRoomOptions {
  /** For all requests under way together. */
  readonly bytesMax: number;
  /** For those of one address: what others always find free. */
  readonly addressBytesMax: number;
  readonly clock: Pick<Clock, "monotonicMs">;
  /** Told the bytes taken, each time they change. */
  readonly observe?: (takenBytes: number) => void;
}

/** One request's part of the room. */
export interface BodyPlace {
  /** Throws OverloadedError where there is no room for so many bytes more. */
  take(bytes: number): void;
  /** So many bytes of the body have come. */
  received(bytes: number): void;
  /** The body is whole: it is not given up any more. */
  whole(): void;
  /** The body is not needed any more. */
  giveBody(): void;
  /** The request is answered. May be called again. */
  leave(): void;
}

/**
 * Room in memory for all requests under way and their bodies. Where it is short, the slowest of the slow bodies is
 * given up for the new one: who only pretends to send keeps nobody out for long.
 */
export class BodyRoom {
  private readonly options: BodyRoomOptions;
  private readonly reading = new Set<Place>();
  private readonly byAddress = new Map<string, number>();
  private taken = 0;

  constructor(options: BodyRoomOptions) {
    this.options = options;
  }

  get takenBytes(): number {
    return this.taken;
  }

  /**
   * A place for a request from `address`. `giveUp` is called when its body is so slow that it has to make room; it has
   * left then. Throws OverloadedError where there is none.
   */
  enter(address: string | undefined, giveUp: () => void): BodyPlace {
    const place = new Place(this, address ?? "", this.options.clock.monotonicMs(), giveUp);
    this.change(place, requestBytes);
    this.reading.add(place);
    return place;
  }

  /** Takes or gives back bytes for `place`. */
  change(place: Place, bytes: number): void {
    if (bytes > 0) this.makeRoom(place, bytes);
    this.taken += bytes;
    const ofAddress = (this.byAddress.get(place.address) ?? 0) + bytes;
    if (ofAddress > 0) this.byAddress.set(place.address, ofAddress);
    else this.byAddress.delete(place.address);
    this.options.observe?.(this.taken);
  }

  /** The place's body is whole or given up. */
  ended(place: Place): void {
    this.reading.delete(place);
  }

  private makeRoom(place: Place, bytes: number): void {
    const { bytesMax, addressBytesMax } = this.options;
    for (;;) {
      const ofAddress = this.byAddress.get(place.address) ?? 0;
      const isShare = ofAddress + bytes > addressBytesMax;
      if (!isShare && this.taken + bytes <= bytesMax) return;
      const slowest = this.slowest(place, isShare);
      if (slowest === undefined) {
        const whose = isShare ? `of ${place.address || "one address"}` : "of requests";
        const [used, max] = isShare ? [ofAddress, addressBytesMax] : [this.taken, bytesMax];
        const text = `Cannot take more bodies: ${used} of ${max} bytes ${whose} are under way`;
        throw new OverloadedError(text, retryAfterMs);
      }
      slowest.giveUp();
    }
  }

  private slowest(asking: Place, sameAddress: boolean): Place | undefined {
    const nowMs = this.options.clock.monotonicMs();
    let slowest: Place | undefined;
    let slowestPerMs = slowBytesPerSecond / 1000;
    for (const place of this.reading) {
      // They stand in the order they came.
      if (nowMs - place.sinceMs < graceMs) break;
      if (place === asking || (sameAddress && place.address !== asking.address)) continue;
      const perMs = place.receivedBytes / (nowMs - place.sinceMs);
      if (perMs >= slowestPerMs) continue;
      slowest = place;
      slowestPerMs = perMs;
    }
    return slowest;
  }
}

class Place implements BodyPlace {
  readonly address: string;
  readonly sinceMs: number;
  receivedBytes = 0;
  private readonly room: BodyRoom;
  private readonly onGivenUp: () => void;
  private requestTaken = requestBytes;
  private bodyTaken = 0;

  constructor(room: BodyRoom, address: string, sinceMs: number, onGivenUp: () => void) {
    this.room = room;
    this.address = address;
    this.sinceMs = sinceMs;
    this.onGivenUp = onGivenUp;
  }

  take(bytes: number): void {
    this.room.change(this, bytes);
    this.bodyTaken += bytes;
  }

  received(bytes: number): void {
    this.receivedBytes += bytes;
  }

  whole(): void {
    this.room.ended(this);
  }

  giveBody(): void {
    this.room.change(this, -this.bodyTaken);
    this.bodyTaken = 0;
  }

  leave(): void {
    this.room.ended(this);
    this.room.change(this, -this.bodyTaken - this.requestTaken);
    this.bodyTaken = 0;
    this.requestTaken = 0;
  }

  giveUp(): void {
    this.leave();
    this.onGivenUp();
  }
}
