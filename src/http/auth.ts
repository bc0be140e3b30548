import type { Clock } from "../clock.ts";
import { OverloadedError } from "../errors.ts";
import type { Access } from "../web-config/load.ts";
import { sha256Hex, toHex } from "../wire/hex.ts";
import type { VerifyBcrypt } from "./auth-bcrypt.ts";
import { Recent } from "./auth-cache.ts";
import { type Credentials, readCredentials } from "./auth-credentials.ts";
import { Turns } from "./turns.ts";

export interface AuthenticatorOptions {
  readonly clock: Clock;
  readonly verifyBcrypt: VerifyBcrypt;
}

/** Who sent a request, by the name the web config has for it; or why nobody knows. */
export type Identity =
  | { readonly client: string }
  | { readonly client?: undefined; readonly reason: "missing" | "wrong" };

/** What is known of credentials; those that are right can never be driven out by those that are wrong. */
const knownMax = 1_000;
/** Credentials that wait to be hashed: one hash takes long, and each address could ask for any number. */
const waitingMax = 256;
const waitingOfAddressMax = 8;
const hashTimeoutMs = 10_000;
const retryAfterMs = 5_000;
/** After a hash others have the processor for so many times as long: guessing takes a quarter of it at the most. */
const pauseFactor = 3;

/**
 * Tells by its Authorization header who sent a request. A password is hashed once, after that its keyed hash is known;
 * a user that does not exist takes as long as one that does.
 */
export class Authenticator {
  private readonly options: AuthenticatorOptions;
  private readonly turns: Turns;
  private readonly right = new Recent<true>(knownMax);
  private readonly wrong = new Recent<true>(knownMax);
  private readonly hashing = new Map<string, Promise<boolean>>();
  private readonly waiting = new Map<string, number>();
  private waitingCount = 0;
  private users: Access["users"] | undefined;
  private key: Promise<CryptoKey> | undefined;

  constructor(options: AuthenticatorOptions) {
    this.options = options;
    this.turns = new Turns(options.clock, { longWorkMs: 0, pauseFactor });
  }

  /** Rejects with OverloadedError where too many credentials wait to be looked at. */
  async identify(header: string | null, access: Access, address: string | undefined): Promise<Identity> {
    if (header === null) return { reason: "missing" };
    const credentials = readCredentials(header);
    if (credentials === undefined) return { reason: "wrong" };
    const client =
      credentials.kind === "bearer"
        ? await ownerOf(credentials.token, access.tokens)
        : await this.userOf(credentials, access.users, address);
    return client === undefined ? { reason: "wrong" } : { client };
  }

  private async userOf(
    { user, password }: Credentials & { kind: "basic" },
    users: Access["users"],
    address: string | undefined,
  ): Promise<string | undefined> {
    // Where there are no users there is nothing to find out about them.
    if (users.size === 0) return undefined;
    this.forgetUnless(users);
    const known = await this.keyedHash(user, password);
    // The users may have changed meanwhile.
    this.forgetUnless(users);
    if (this.right.get(known)) return user;
    if (this.wrong.get(known)) return undefined;
    const hash = users.get(user);
    const key = `${hash} ${known}`;
    let hashed = this.hashing.get(key);
    if (hashed === undefined) {
      hashed = this.hash(password, hash ?? nobodysHash(users), address ?? "");
      this.hashing.set(key, hashed);
    }
    let isRight: boolean;
    try {
      isRight = (await hashed) && hash !== undefined;
    } finally {
      this.hashing.delete(key);
    }
    if (this.users === users) (isRight ? this.right : this.wrong).set(known, true);
    return isRight ? user : undefined;
  }

  /** What is known holds for these users only. A web config that changed elsewhere has them again. */
  private forgetUnless(users: Access["users"]): void {
    if (this.users === users) return;
    const isSame =
      this.users?.size === users.size && [...users].every(([user, hash]) => this.users?.get(user) === hash);
    this.users = users;
    if (isSame) return;
    this.right.clear();
    this.wrong.clear();
  }

  private async hash(password: Uint8Array, hash: string, address: string): Promise<boolean> {
    const ofAddress = this.waiting.get(address) ?? 0;
    if (this.waitingCount >= waitingMax || ofAddress >= waitingOfAddressMax) {
      throw new OverloadedError("Too many passwords wait to be looked at", retryAfterMs);
    }
    this.waitingCount++;
    this.waiting.set(address, ofAddress + 1);
    try {
      const endTurn = await this.turns.begin(address, hashTimeoutMs);
      try {
        return await this.options.verifyBcrypt(password, hash);
      } finally {
        endTurn();
      }
    } finally {
      this.waitingCount--;
      const left = (this.waiting.get(address) ?? 1) - 1;
      if (left > 0) this.waiting.set(address, left);
      else this.waiting.delete(address);
    }
  }

  /** The key is of this process alone: what is kept of passwords is of no use to who reads its memory's image. */
  private async keyedHash(user: string, password: Uint8Array): Promise<string> {
    this.key ??= crypto.subtle.generateKey({ name: "HMAC", hash: "SHA-256" }, false, ["sign"]);
    const name = new TextEncoder().encode(user);
    const text = new Uint8Array(name.length + 1 + password.length);
    text.set(name);
    text.set(password, name.length + 1);
    return toHex(new Uint8Array(await crypto.subtle.sign("HMAC", await this.key, text)));
  }
}

/** Every hash is looked at to its end. */
async function ownerOf(token: string, tokens: Access["tokens"]): Promise<string | undefined> {
  const digest = await sha256Hex(token);
  let owner: string | undefined;
  for (const [name, hash] of tokens) {
    let difference = 0;
    for (let at = 0; at < digest.length; at++) difference |= digest.charCodeAt(at) ^ hash.charCodeAt(at);
    if (difference === 0) owner = name;
  }
  return owner;
}

/** A hash that no password has, as expensive as the most expensive one of a user. */
function nobodysHash(users: Access["users"]): string {
  let cost = "04";
  for (const hash of users.values()) if (hash.slice(4, 6) > cost) cost = hash.slice(4, 6);
  return `$2b$${cost}$${"a".repeat(21)}u${"a".repeat(30)}u`;
}
