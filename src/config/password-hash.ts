import { passwordHashProblem } from '../authentication/password-hashing.ts';
import type { Problem } from './problems.ts';
import { fromSentence } from './problems.ts';

const comingLater: readonly (readonly [RegExp, string])[] = [
  [/^\$2[abxy]?\$/, 'bcrypt'],
  [/^(\$pbkdf2|PBKDF2\$|\$7\$)/i, 'PBKDF2'],
];

/** What is wrong with a `password_hash`; a record that cannot be verified must not be loaded (TH11). */
export function hashProblem(hash: string): Omit<Problem, 'value'> | undefined {
  const later = comingLater.find(([pattern]) => pattern.test(hash));
  if (later !== undefined) {
    return { message: `${later[1]} hashes are not available in this version`, remedy: 'set a new password' };
  }
  const sentence = passwordHashProblem(hash);
  return sentence === undefined ? undefined : fromSentence(sentence);
}
