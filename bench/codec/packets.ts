import type { ControlPacket, Publish } from '../../src/codec/control-packet.ts';

const userProperties = [
  ['trace', '4bf92f3577b34da6'],
  ['site', 'hall-3'],
] as const;

/** What a broker's hot path sees, of a typical size. */
export const publish: Publish = {
  type: 'publish',
  dup: false,
  qos: 0,
  retain: false,
  topic: 'sensors/device-0001/temperature',
  packetId: 0,
  payload: Buffer.alloc(100, 0x61),
  properties: {},
};

export const publishQoS1: Publish = { ...publish, qos: 1, packetId: 77 };

export const publishWithProperties: Publish = {
  ...publish,
  properties: { contentType: 'application/json', userProperties: [...userProperties] },
};

export const puback: ControlPacket = { type: 'puback', packetId: 77, reasonCode: 0, properties: {} };

export const subscribe: ControlPacket = {
  type: 'subscribe',
  packetId: 5,
  subscriptions: ['commands/device-0001/+', 'broadcast/#'].map((filter) => ({
    filter,
    qos: 1,
    noLocal: false,
    retainAsPublished: false,
    retainHandling: 0,
  })),
  properties: {},
};

export const connect: ControlPacket = {
  type: 'connect',
  protocolVersion: 5,
  bridge: false,
  cleanStart: false,
  keepAlive: 60,
  clientId: 'device-0001',
  username: 'device-0001',
  password: Buffer.from('correct horse battery staple'),
  properties: { sessionExpiryInterval: 3600, receiveMaximum: 100 },
};
