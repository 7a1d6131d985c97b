import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The checkout that this file is in. */
export const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));
