import fc from 'fast-check';
import type { StoreWrite } from '../../src/stores/session-store.ts';
import type { StoreCommand } from './session-store-commands.ts';
import {
  messageRecord,
  putSession,
  queuedRecord,
  sessionFields,
  subscriptionRecord,
  willRecord,
} from './store-records.ts';

const clientId = fc.constantFrom('a', 'b');
/** Until `resolved`: how far above the epoch in force. Most calls are the owner's. */
const epoch = fc.oneof(
  { weight: 12, arbitrary: fc.constant(0) },
  { weight: 1, arbitrary: fc.constantFrom(-1, 1) },
);
const time = fc.constantFrom(0, 1_700_000_000_000, Infinity);
/** Until `resolved`: how far behind the last position. */
const position = fc.nat({ max: 4 });
const packetId = fc.constantFrom(1, 2, 65_535);
const filter = fc.constantFrom('a/+', '#', '$share/g/a/#', 'ü/😀');
const bytes = fc.uint8Array({ maxLength: 4 }).map((array) => Buffer.from(array));
const inflight = fc.record({ packetId, phase: fc.constantFrom('publish', 'pubrel') });
const message = fc
  .record({
    topic: fc.constantFrom('a/b', 'ü/😀', '$x'),
    payload: bytes,
    properties: bytes,
    qos: fc.constantFrom(0, 1, 2),
    retain: fc.boolean(),
    expiresAt: time,
  })
  .map(messageRecord);

const sessionWrite = fc.oneof(
  fc.record({
    kind: fc.constant('put-session'),
    session: fc
      .record({ clientType: fc.constantFrom('DEVICE', 'APPLICATION'), expiresAt: time })
      .map(sessionFields),
  }),
  fc.record({ kind: fc.constantFrom('delete-session', 'release') }),
);

const contentWrite = fc.oneof(
  fc.record({
    kind: fc.constant('put-subscription'),
    subscription: fc
      .tuple(
        filter,
        fc.record({ qos: fc.constantFrom(0, 1, 2), identifier: packetId }, { requiredKeys: ['qos'] }),
      )
      .map(([text, options]) => subscriptionRecord(text, options)),
  }),
  fc.record({ kind: fc.constant('delete-subscription'), filter }),
  fc.record({ kind: fc.constantFrom('put-inbound-qos2', 'delete-inbound-qos2'), packetId }),
  fc.record({
    kind: fc.constant('put-will'),
    will: fc.record({ message, delay: fc.nat(), firesAt: time }).map(willRecord),
  }),
  fc.record({ kind: fc.constant('delete-will') }),
);

const queueWrite = fc.oneof(
  fc.record({
    kind: fc.constant('enqueue'),
    queued: fc
      .record(
        {
          message,
          qos: fc.constantFrom(1, 2),
          retain: fc.boolean(),
          identifiers: fc.array(packetId, { maxLength: 2 }),
          inflight,
        },
        { requiredKeys: ['message', 'qos', 'retain', 'identifiers'] },
      )
      .map((fields) => queuedRecord(0, fields)),
  }),
  fc.record({ kind: fc.constant('set-inflight'), position, inflight }),
  fc.record({ kind: fc.constant('dequeue'), position }),
);

const ownedWrite = fc.oneof(
  { weight: 1, arbitrary: sessionWrite },
  { weight: 4, arbitrary: contentWrite },
  { weight: 8, arbitrary: queueWrite },
);

const write: fc.Arbitrary<StoreWrite> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc
      .tuple(fc.record({ clientId, epoch }), ownedWrite)
      .map(([owner, content]) => ({ ...owner, ...content }) as StoreWrite),
  },
  {
    weight: 1,
    arbitrary: fc.oneof(
      fc.record({ kind: fc.constant('put-retained'), retained: fc.record({ message }) }),
      fc.record({ kind: fc.constant('delete-retained'), topic: fc.constantFrom('a/b', 'ü/😀', '$x') }),
    ) as fc.Arbitrary<StoreWrite>,
  },
);

const command: fc.Arbitrary<StoreCommand> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({ call: fc.constant('write'), batch: fc.array(write, { maxLength: 8 }) }),
  },
  { weight: 2, arbitrary: fc.record({ call: fc.constantFrom('claim', 'load'), clientId, epoch }) },
  {
    weight: 2,
    arbitrary: fc.record({
      call: fc.constant('readQueue'),
      clientId,
      epoch,
      after: fc.nat({ max: 12 }),
      limit: fc.constantFrom(1, 2, 100),
    }),
  },
  { weight: 1, arbitrary: fc.record({ call: fc.constant('find'), clientId }) },
  { weight: 1, arbitrary: fc.record({ call: fc.constantFrom('sessions', 'retained') }) },
) as fc.Arbitrary<StoreCommand>;

const opening: readonly StoreCommand[] = ['a', 'b'].flatMap((id) => [
  { call: 'claim', clientId: id, epoch: 1 } as const,
  { call: 'write', batch: [putSession(id, 0)] } as const,
]);

/** A life of two sessions that exist from the start. */
export const storeCommands: fc.Arbitrary<readonly StoreCommand[]> = fc
  .array(command, { minLength: 4, maxLength: 25 })
  .map((commands) => resolved([...opening, ...commands, { call: 'sessions' }]));

/** Turns relative epochs and positions into real ones, which only the commands before them tell. */
function resolved(commands: readonly StoreCommand[]): readonly StoreCommand[] {
  const epochs: Record<string, number> = { a: 0, b: 0 };
  const positions: Record<string, number> = { a: 0, b: 0 };
  const resolvedWrite = (one: StoreWrite): StoreWrite => {
    if (!('epoch' in one)) return one;
    const owned = { ...one, epoch: epochs[one.clientId]! + one.epoch };
    const last = positions[one.clientId]!;
    if (owned.kind === 'set-inflight' || owned.kind === 'dequeue') {
      return { ...owned, position: last - owned.position };
    }
    if (owned.kind !== 'enqueue') return owned;
    positions[one.clientId] = last + 1;
    return { ...owned, queued: { ...owned.queued, position: last + 1 } };
  };
  return commands.map((one) => {
    if (one.call === 'write') return { ...one, batch: one.batch.map(resolvedWrite) };
    if (!('epoch' in one)) return one;
    const absolute = { ...one, epoch: epochs[one.clientId]! + one.epoch };
    if (one.call === 'claim') epochs[one.clientId] = Math.max(epochs[one.clientId]!, absolute.epoch);
    return absolute;
  });
}
