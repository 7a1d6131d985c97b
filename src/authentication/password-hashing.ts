import { createHmac, timingSafeEqual } from 'node:crypto';
import { hashRaw } from '@node-rs/argon2';
import type { RandomSource } from '../runtime/random.ts';

/** Argon2 work of the whole process: off the event loop, few at once, first come first served (rows P7, P10). */
export interface PasswordHasher {
  /** Computations at once. */
  readonly concurrent: number;
  /** A hash of no password at all: verifying against it costs what a real one costs (TH23). */
  readonly decoy: string;
  /** Argon2id PHC string of a password of any bytes. Waits its turn however long the queue is: callers bound themselves. */
  hash(password: Buffer): Promise<string>;
  /**
   * Whether the password is the one of the hash.
   * @param isWanted asked when its turn comes: false answers false without computing
   * @throws HashQueueFullError when too many are waiting, PasswordHashError when the hash is malformed
   */
  verify(passwordHash: string, password: Buffer, isWanted?: () => boolean): Promise<boolean>;
  /** Tells equal plain passwords apart from changed ones while this process lives; means nothing in another. */
  fingerprint(password: string): string;
  /** Turns away whoever waits, with HashQueueFullError: a broker that stops does not first work off a flood of logins. */
  close(): void;
}

/** `limits.pending_authentications` are waiting already. */
export class HashQueueFullError extends Error {
  override readonly name = 'HashQueueFullError';
}

/** The message says what is wrong with a hash, without the hash. */
export class PasswordHashError extends Error {
  override readonly name = 'PasswordHashError';
}

const ARGON2ID = 2;
const VERSION_19 = 1;
/** OWASP's minimum for Argon2id: 19 MiB, two passes, one lane. */
const NEW_HASH = { memoryCost: 19_456, timeCost: 2, parallelism: 1 };
const SALT_BYTES = 16;
const OUTPUT_BYTES = 32;

/** Above these a file could stop the broker with one login: kibibytes, passes, lanes, kibibytes times passes. */
const MOST_MEMORY = 256 * 1024;
const MOST_PASSES = 64;
const MOST_LANES = 16;
const MOST_WORK = 1024 * 1024;

interface Argon2Hash {
  readonly memoryCost: number;
  readonly timeCost: number;
  readonly parallelism: number;
  readonly salt: Buffer;
  readonly output: Buffer;
}

const PHC =
  /^\$argon2id\$v=19\$m=(\d{1,10}),t=(\d{1,10}),p=(\d{1,3})\$([A-Za-z0-9+/]{11,86})\$([A-Za-z0-9+/]{22,86})$/;

/** What is wrong with a stored hash, with the remedy and without the hash; undefined when it can be verified. */
export function passwordHashProblem(passwordHash: string): string | undefined {
  try {
    parsePasswordHash(passwordHash);
    return undefined;
  } catch (error) {
    if (error instanceof PasswordHashError) return error.message;
    throw error;
  }
}

function parsePasswordHash(passwordHash: string): Argon2Hash {
  const [, memory, passes, lanes, salt = '', output = ''] = PHC.exec(passwordHash) ?? [];
  if (memory === undefined) {
    throw new PasswordHashError(
      'is no Argon2id hash of the form $argon2id$v=19$m=…,t=…,p=…$salt$hash; make one with client set-password',
    );
  }
  const [memoryCost, timeCost, parallelism] = [Number(memory), Number(passes), Number(lanes)];
  const bounded = memoryCost <= MOST_MEMORY && timeCost <= MOST_PASSES && memoryCost * timeCost <= MOST_WORK;
  const sound = timeCost >= 1 && parallelism >= 1 && memoryCost >= 8 * parallelism; // RFC 9106, 3.1
  if (!bounded || !sound || parallelism > MOST_LANES) {
    throw new PasswordHashError(
      `has parameters m=${memoryCost},t=${timeCost},p=${parallelism} outside m 8p..${MOST_MEMORY}, t 1..${MOST_PASSES}, p 1..${MOST_LANES}, m·t ≤ ${MOST_WORK}; hash the password again with smaller ones`,
    );
  }
  return { memoryCost, timeCost, parallelism, salt: fromBase64(salt), output: fromBase64(output) };
}

function fromBase64(text: string): Buffer {
  const bytes = Buffer.from(text, 'base64');
  if (toBase64(bytes) !== text) throw new PasswordHashError('is not clean base64; copy the whole hash again');
  return bytes;
}

/** PHC strings leave the padding off. */
function toBase64(bytes: Buffer): string {
  return bytes.toString('base64').replace(/=+$/, '');
}

function phcString({ memoryCost, timeCost, parallelism, salt, output }: Argon2Hash): string {
  return `$argon2id$v=19$m=${memoryCost},t=${timeCost},p=${parallelism}$${toBase64(salt)}$${toBase64(output)}`;
}

/** The library's own verify() takes UTF-8 only, and an MQTT password is any bytes (MQTT 5.0, 3.1.3.6). */
function argon2id(
  password: Buffer,
  parameters: Omit<Argon2Hash, 'output'>,
  outputBytes: number,
): Promise<Buffer> {
  return hashRaw(password, {
    algorithm: ARGON2ID,
    version: VERSION_19,
    memoryCost: parameters.memoryCost,
    timeCost: parameters.timeCost,
    parallelism: parameters.parallelism,
    salt: parameters.salt,
    outputLen: outputBytes,
  });
}

/** The hasher of a process. `pending` bounds the verifications that wait for one of the `concurrent` places. */
export function createPasswordHasher(options: {
  readonly concurrent: number;
  readonly pending: number;
  readonly random: RandomSource;
}): PasswordHasher {
  const { concurrent, pending, random } = options;
  const fingerprintKey = random.bytes(32);
  const queue = new WorkQueue(concurrent);
  return {
    concurrent,
    decoy: phcString({ ...NEW_HASH, salt: random.bytes(SALT_BYTES), output: random.bytes(OUTPUT_BYTES) }),
    hash: (password) =>
      queue.run(async () => {
        const parameters = { ...NEW_HASH, salt: random.bytes(SALT_BYTES) };
        return phcString({ ...parameters, output: await argon2id(password, parameters, OUTPUT_BYTES) });
      }),
    async verify(passwordHash, password, isWanted = always) {
      const stored = parsePasswordHash(passwordHash);
      if (queue.waiting >= pending) {
        throw new HashQueueFullError(
          `${pending} authentications are waiting (limits.pending_authentications)`,
        );
      }
      // Whoever hangs up while waiting costs no computation: connecting is cheaper than hashing.
      const output = await queue.run(async () =>
        isWanted() ? argon2id(password, stored, stored.output.length) : undefined,
      );
      return output !== undefined && timingSafeEqual(output, stored.output);
    },
    fingerprint: (password) => createHmac('sha256', fingerprintKey).update(password).digest('base64'),
    close: () => queue.close(),
  };
}

function always(): boolean {
  return true;
}

/** Runs a few tasks at once and the others in the order in which they came. */
class WorkQueue {
  readonly #places: number;
  readonly #waiting: (() => void)[] = [];
  #running = 0;
  #closed = false;

  constructor(places: number) {
    this.#places = places;
  }

  get waiting(): number {
    return this.#waiting.length;
  }

  close(): void {
    this.#closed = true;
  }

  async run<Result>(task: () => Promise<Result>): Promise<Result> {
    if (this.#running < this.#places) this.#running++;
    else await new Promise<void>((resume) => this.#waiting.push(resume));
    try {
      if (this.#closed) throw new HashQueueFullError('the broker is stopping');
      return await task();
    } finally {
      // The place goes straight to the next in line, so that a newcomer cannot take it in between.
      const next = this.#waiting.shift();
      if (next === undefined) this.#running--;
      else next();
    }
  }
}
