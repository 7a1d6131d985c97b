import { duration, size } from './quantities.ts';
import { choice, integer } from './scalars.ts';
import { afterReading, defaulted, object, optional } from './schema.ts';

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const DAY = 24 * 60 * MINUTE;
/** The longest session expiry that MQTT 5 can say short of "never" (3.1.2.11.2). */
const LONGEST_EXPIRY = 0xff_ff_ff_fe * SECOND;
/** The largest packet: a remaining length of 2^28 - 1 behind five bytes of fixed header. */
const LARGEST_PACKET = 2 ** 28 + 4;

/** Server Keep Alive is a number of whole seconds in two bytes. */
const keepAlive = afterReading(
  duration({ minimum: SECOND, maximum: 65_535 * SECOND, off: true }),
  (value, context, node) => {
    if (value === Number.POSITIVE_INFINITY || value % SECOND === 0) return;
    const written = node.kind === 'scalar' ? node.text : undefined;
    context.error({
      value: written,
      message: 'must be whole seconds',
      remedy: `write ${Math.ceil(value / SECOND)}s`,
    });
  },
);

const ACK_WAIT_DEFAULT = 30 * SECOND;

const ackWait = afterReading(duration({ minimum: 0, maximum: DAY }), (value, context, node) => {
  if (value === 0 || value === ACK_WAIT_DEFAULT) return;
  context.warn({
    value: node.kind === 'scalar' ? node.text : undefined,
    message: 'has no effect in this version: a message is sent again when its client reconnects',
    remedy: 'leave it out, or keep it for a later version',
  });
});

export const mqtt = object({
  ack_wait: defaulted(ackWait, '30s', {
    meaning:
      '3.x: an unacknowledged QoS 1 message is sent again after this time (row N5). `0s` = 30s. No effect in this version.',
  }),
  connect_timeout: defaulted(duration({ minimum: 100, maximum: 10 * MINUTE }), '5s', {
    meaning: 'From accept (after TLS) to a complete CONNECT.',
  }),
  max_packet_size: defaulted(size({ minimum: 16, maximum: LARGEST_PACKET }), '1MiB', {
    meaning: 'Largest packet a client may send.',
  }),
  receive_maximum: defaulted(integer({ minimum: 1, maximum: 65_535 }), '1024', {
    meaning: 'QoS 1 and 2 messages a client may have under way to us.',
  }),
  topic_alias_maximum: defaulted(integer({ minimum: 0, maximum: 65_535 }), '10', {
    meaning: '5.0: topic aliases a client may set.',
  }),
  max_keep_alive: defaulted(keepAlive, 'off', {
    meaning:
      '5.0: sent as Server Keep Alive to clients that ask for more or for none. 3.x connections keep what they asked, 0 included.',
  }),
  max_session_expiry: defaulted(duration({ minimum: 0, maximum: LONGEST_EXPIRY, off: true }), '7d', {
    meaning: 'Longest time that a session outlives its connection.',
  }),
  max_queued_messages: defaulted(integer({ minimum: 1, maximum: 100_000_000 }), '10000', {
    meaning: 'Messages queued for one session; above it the oldest is dropped and counted.',
  }),
  max_queued_age: defaulted(duration({ minimum: SECOND, maximum: 3650 * DAY }), '7d', {
    meaning: 'Queued messages older than this are dropped and counted.',
  }),
  max_ack_pending: optional(integer({ minimum: 0, maximum: 65_535 }), {
    meaning:
      'Unacknowledged QoS 1 and 2 messages; 0 = 1024. Unset, 1024. Per session in this version (row N6 counts per subscription).',
  }),
  on_denied_publish: defaulted(choice(['disconnect', 'drop']), 'disconnect', {
    meaning: '3.x: what a denied PUBLISH leads to (row T10).',
  }),
});
