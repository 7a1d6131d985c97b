import type { BrokerProcess } from '../../support/broker-process.ts';
import type { FuzzTarget } from './fuzz-connection.ts';
import { fuzzConnection } from './fuzz-connection.ts';

const atOnce = 6;

/** The built broker as a target. */
export function processTarget(broker: BrokerProcess): FuzzTarget {
  return {
    listener: (name) => broker.listener(name),
    errors: () => broker.logs().filter(({ level }) => level === 'error'),
  };
}

/**
 * Fuzzes a broker with connections whose seeds count up from `seed`, some of them at once, while `goesOn` says so. Returns
 * how many there were. Throws with the seed of the connection that found a fault, or when the broker met an error.
 */
export async function fuzz(
  broker: FuzzTarget,
  seed: number,
  goesOn: (connections: number) => boolean,
): Promise<number> {
  let next = 0;
  const work = async (): Promise<void> => {
    while (goesOn(next)) {
      const own = seed + next++;
      await fuzzConnection(broker, own).catch((error: Error) => {
        throw new Error(`seed ${own}: ${error.message}`, { cause: error });
      });
    }
  };
  await Promise.all(Array.from({ length: atOnce }, work));
  const errors = broker.errors();
  if (errors.length > 0) throw new Error(`the broker met errors: ${JSON.stringify(errors.slice(0, 3))}`);
  return next;
}
