import type { Connect, ControlPacket, ProtocolVersion, QoS } from '../../../src/codec/control-packet.ts';
import { encodePacket } from '../../../src/codec/encode-packet.ts';
import { connectWith } from '../../support/attacking-client.ts';
import { damaged } from '../../support/damage.ts';
import { loginOf } from '../../support/password-records.ts';
import type { Dice } from '../../support/seeded-random.ts';
import { corpus } from '../../unit/codec/support/packet-corpus.ts';

/** Few names, so that connections meet: in sessions, topics, filters and packet identifiers. */
const clientIds = ['one', 'two', 'three', ''];
const topics = [
  'open/a',
  'open/a/b',
  'open',
  'secret/a',
  'secret',
  '$SYS/broker/version',
  'open/é',
  '/',
  'other',
];
const filters = [
  ...['#', 'open/#', 'open/+', '+/a', 'secret/#', 'secret/a', '$SYS/#', '+', '/#', 'open/a'],
  ...['$share/g/open/#', '$share/g/secret/#', '$share/h/#', '$share/g', 'open/#/x', 'a+', ''],
];
const qualities = [0, 1, 2] as const;

/** Who may log in: `writer` everywhere, `reader` as the oracle of fuzz-connection.ts says. */
export const logins = ['writer', 'reader'] as const;
export type Login = (typeof logins)[number];

/** A CONNECT that is mostly good, with whatever a client may ask for. */
export function drawConnect(dice: Dice, version: ProtocolVersion, login: Login): Connect {
  const five = version === 5;
  const wrong = dice.chance(0.05);
  return connectWith({
    ...loginOf(login, wrong ? 'wrong' : undefined),
    protocolVersion: version,
    cleanStart: dice.chance(0.5),
    clientId: `${dice.oneOf(clientIds)}${dice.chance(0.5) ? login : ''}`,
    keepAlive: dice.oneOf([0, 1, 60, 65_535]),
    ...(dice.chance(0.3) && {
      will: {
        topic: dice.oneOf(topics),
        payload: dice.bytes(dice.below(20)),
        qos: dice.oneOf<QoS>(qualities),
        retain: dice.chance(0.3),
        properties: five && dice.chance(0.5) ? { willDelayInterval: dice.below(3) } : {},
      },
    }),
    properties: five
      ? {
          ...(dice.chance(0.5) && { sessionExpiryInterval: dice.oneOf([0, 1, 60, 0xffff_ffff]) }),
          ...(dice.chance(0.3) && { receiveMaximum: 1 + dice.below(5) }),
          ...(dice.chance(0.3) && { topicAliasMaximum: dice.below(4) }),
          ...(dice.chance(0.2) && { maximumPacketSize: 20 + dice.below(200) }),
        }
      : {},
  });
}

/** A packet that fits the conversation. */
export function drawPacket(dice: Dice, version: ProtocolVersion): ControlPacket {
  const five = version === 5;
  const packetId = 1 + dice.below(6);
  const draw = dice.below(100);
  if (draw < 40) return drawPublish(dice, five, packetId);
  if (draw < 55) return drawSubscribe(dice, five, packetId);
  if (draw < 62) {
    return { type: 'unsubscribe', packetId, filters: [dice.oneOf(filters.slice(0, 12))], properties: {} };
  }
  if (draw < 90) {
    const type = dice.oneOf(['puback', 'pubrec', 'pubrel', 'pubcomp'] as const);
    const refusal = five && (type === 'pubrec' || type === 'puback') && dice.chance(0.1);
    return { type, packetId, reasonCode: refusal ? 0x80 : 0, properties: {} };
  }
  if (draw < 96) return { type: 'pingreq' };
  return { type: 'disconnect', reasonCode: five && dice.chance(0.5) ? 4 : 0, properties: {} };
}

function drawPublish(dice: Dice, five: boolean, packetId: number): ControlPacket {
  const qos = dice.oneOf<QoS>(qualities);
  const aliased = five && dice.chance(0.2);
  return {
    type: 'publish',
    topic: aliased && dice.chance(0.5) ? '' : dice.oneOf(topics),
    qos,
    dup: qos > 0 && dice.chance(0.2),
    retain: dice.chance(0.3),
    packetId: qos === 0 ? 0 : packetId,
    payload: dice.chance(0.1) ? Buffer.alloc(0) : dice.bytes(1 + dice.below(60)),
    properties: {
      ...(aliased && { topicAlias: 1 + dice.below(3) }),
      ...(five && dice.chance(0.2) && { messageExpiryInterval: dice.below(3) }),
      ...(five && dice.chance(0.1) && { userProperties: [['k', 'v'] as const] }),
    },
  };
}

function drawSubscribe(dice: Dice, five: boolean, packetId: number): ControlPacket {
  const subscriptions = Array.from({ length: 1 + dice.below(3) }, () => {
    const filter = dice.oneOf(filters);
    return {
      filter,
      qos: dice.oneOf<QoS>(qualities),
      noLocal: five && !filter.startsWith('$share/') && dice.chance(0.2),
      retainAsPublished: five && dice.chance(0.3),
      retainHandling: five ? dice.oneOf([0, 1, 2] as const) : (0 as const),
    };
  });
  const identified = five && dice.chance(0.3);
  return {
    type: 'subscribe',
    packetId,
    subscriptions,
    properties: identified ? { subscriptionIdentifiers: [1 + dice.below(300)] } : {},
  };
}

/** The bytes of a packet that fits, of any packet at all, or of a damaged one. */
export function drawBytes(dice: Dice, version: ProtocolVersion, strangeness: number): Buffer {
  const fitting = encodePacket(drawPacket(dice, version), version);
  if (!dice.chance(strangeness)) return fitting;
  if (dice.chance(0.3)) return damaged(fitting, dice);
  const { frame } = dice.oneOf(corpus);
  return dice.chance(0.5) ? frame : damaged(frame, dice);
}
