import { randomBytes } from 'node:crypto';

/** Randomness as an effect. */
export interface RandomSource {
  /** `count` bytes fit for secrets and unguessable identifiers. */
  bytes(count: number): Buffer;
}

export const systemRandom: RandomSource = { bytes: (count) => randomBytes(count) };
