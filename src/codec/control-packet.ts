/** MQTT control packets as plain data, one shape for 3.1, 3.1.1 and 5.0. Names are the specification's. */

/** Protocol level of CONNECT: 3 is MQTT 3.1 (`MQIsdp`), 4 is 3.1.1, 5 is 5.0. */
export type ProtocolVersion = 3 | 4 | 5;
export type QoS = 0 | 1 | 2;

/** MQTT Control Packet types [3.1.1 table 2.1, 5.0 table 2-1]. */
export const packetTypes = {
  connect: 1,
  connack: 2,
  publish: 3,
  puback: 4,
  pubrec: 5,
  pubrel: 6,
  pubcomp: 7,
  subscribe: 8,
  suback: 9,
  unsubscribe: 10,
  unsuback: 11,
  pingreq: 12,
  pingresp: 13,
  disconnect: 14,
  auth: 15,
} as const;
export type PacketType = keyof typeof packetTypes;

export type UserProperty = readonly [name: string, value: string];

/** Properties of 5.0 [section 2.2.2]. Absent means not sent. Always empty in 3.x. */
export interface Properties {
  payloadFormatIndicator?: 0 | 1;
  /** Seconds. */
  messageExpiryInterval?: number;
  contentType?: string;
  responseTopic?: string;
  correlationData?: Buffer;
  subscriptionIdentifiers?: number[];
  /** Seconds; 0xFFFFFFFF never expires. */
  sessionExpiryInterval?: number;
  assignedClientIdentifier?: string;
  /** Seconds. */
  serverKeepAlive?: number;
  authenticationMethod?: string;
  authenticationData?: Buffer;
  requestProblemInformation?: 0 | 1;
  /** Seconds. */
  willDelayInterval?: number;
  requestResponseInformation?: 0 | 1;
  responseInformation?: string;
  serverReference?: string;
  reasonString?: string;
  receiveMaximum?: number;
  topicAliasMaximum?: number;
  topicAlias?: number;
  maximumQoS?: 0 | 1;
  retainAvailable?: 0 | 1;
  userProperties?: UserProperty[];
  maximumPacketSize?: number;
  wildcardSubscriptionAvailable?: 0 | 1;
  subscriptionIdentifiersAvailable?: 0 | 1;
  sharedSubscriptionAvailable?: 0 | 1;
}

export interface Will {
  topic: string;
  payload: Buffer;
  qos: QoS;
  retain: boolean;
  properties: Properties;
}

export interface Connect {
  type: 'connect';
  protocolVersion: ProtocolVersion;
  /** Bit 0x80 of the protocol level: a mosquitto bridge. */
  bridge: boolean;
  /** Clean Session in 3.x, Clean Start in 5.0. */
  cleanStart: boolean;
  /** Seconds; 0 turns it off. */
  keepAlive: number;
  clientId: string;
  username?: string;
  password?: Buffer;
  will?: Will;
  properties: Properties;
}

export interface Connack {
  type: 'connack';
  sessionPresent: boolean;
  /** A reason code in 5.0, a return code 0..5 in 3.x. */
  reasonCode: number;
  properties: Properties;
}

export interface Publish {
  type: 'publish';
  dup: boolean;
  qos: QoS;
  retain: boolean;
  /** Empty when 5.0 sends a topic alias alone. */
  topic: string;
  /** 0 for QoS 0. */
  packetId: number;
  payload: Buffer;
  properties: Properties;
}

export interface PublishAcknowledgement {
  type: 'puback' | 'pubrec' | 'pubrel' | 'pubcomp';
  packetId: number;
  /** 0 in 3.x. */
  reasonCode: number;
  properties: Properties;
}

export interface SubscriptionRequest {
  filter: string;
  qos: QoS;
  noLocal: boolean;
  retainAsPublished: boolean;
  /** 0 send retained, 1 only for a new subscription, 2 never [5.0 section 3.8.3.1]. */
  retainHandling: 0 | 1 | 2;
}

export interface Subscribe {
  type: 'subscribe';
  packetId: number;
  subscriptions: SubscriptionRequest[];
  properties: Properties;
}

export interface Suback {
  type: 'suback';
  packetId: number;
  reasonCodes: number[];
  properties: Properties;
}

export interface Unsubscribe {
  type: 'unsubscribe';
  packetId: number;
  filters: string[];
  properties: Properties;
}

export interface Unsuback {
  type: 'unsuback';
  packetId: number;
  /** Not sent in 3.x. */
  reasonCodes: number[];
  properties: Properties;
}

export interface Ping {
  type: 'pingreq' | 'pingresp';
}

export interface Disconnect {
  type: 'disconnect';
  /** 0 in 3.x. */
  reasonCode: number;
  properties: Properties;
}

export interface Auth {
  type: 'auth';
  reasonCode: number;
  properties: Properties;
}

export type ControlPacket =
  | Connect
  | Connack
  | Publish
  | PublishAcknowledgement
  | Subscribe
  | Suback
  | Unsubscribe
  | Unsuback
  | Ping
  | Disconnect
  | Auth;
