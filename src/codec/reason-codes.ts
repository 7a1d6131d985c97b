import type { PacketType } from './control-packet.ts';

/** Who may send a reason code in a packet. */
export type Sender = 'client' | 'server';
type Senders = Sender | 'both';

/** The packets that carry reason codes. */
export type ReasonPacket = Extract<
  PacketType,
  'connack' | 'puback' | 'pubrec' | 'pubrel' | 'pubcomp' | 'suback' | 'unsuback' | 'disconnect' | 'auth'
>;

export interface ReasonCodeDefinition {
  readonly code: number;
  readonly description: string;
  /** The packets that may carry the code, each with who may send it there. */
  readonly packets: { readonly [Packet in ReasonPacket]?: Senders };
}

/** Every reason code of MQTT 5.0 [section 2.4 and the tables of the packets]. Code 0 has three names. */
export const reasonCodeDefinitions = {
  success: {
    code: 0x00,
    description: 'Success',
    packets: {
      connack: 'server',
      puback: 'both',
      pubrec: 'both',
      pubrel: 'both',
      pubcomp: 'both',
      unsuback: 'server',
      auth: 'server',
    },
  },
  normalDisconnection: { code: 0x00, description: 'Normal disconnection', packets: { disconnect: 'both' } },
  grantedQoS0: { code: 0x00, description: 'Granted QoS 0', packets: { suback: 'server' } },
  grantedQoS1: { code: 0x01, description: 'Granted QoS 1', packets: { suback: 'server' } },
  grantedQoS2: { code: 0x02, description: 'Granted QoS 2', packets: { suback: 'server' } },
  disconnectWithWillMessage: {
    code: 0x04,
    description: 'Disconnect with Will Message',
    packets: { disconnect: 'client' },
  },
  noMatchingSubscribers: {
    code: 0x10,
    description: 'No matching subscribers',
    packets: { puback: 'server', pubrec: 'server' },
  },
  noSubscriptionExisted: {
    code: 0x11,
    description: 'No subscription existed',
    packets: { unsuback: 'server' },
  },
  continueAuthentication: { code: 0x18, description: 'Continue authentication', packets: { auth: 'both' } },
  reAuthenticate: { code: 0x19, description: 'Re-authenticate', packets: { auth: 'client' } },
  unspecifiedError: {
    code: 0x80,
    description: 'Unspecified error',
    packets: {
      connack: 'server',
      puback: 'both',
      pubrec: 'both',
      suback: 'server',
      unsuback: 'server',
      disconnect: 'both',
    },
  },
  malformedPacket: {
    code: 0x81,
    description: 'Malformed Packet',
    packets: { connack: 'server', disconnect: 'both' },
  },
  protocolError: {
    code: 0x82,
    description: 'Protocol Error',
    packets: { connack: 'server', disconnect: 'both' },
  },
  implementationSpecificError: {
    code: 0x83,
    description: 'Implementation specific error',
    packets: {
      connack: 'server',
      puback: 'both',
      pubrec: 'both',
      suback: 'server',
      unsuback: 'server',
      disconnect: 'both',
    },
  },
  unsupportedProtocolVersion: {
    code: 0x84,
    description: 'Unsupported Protocol Version',
    packets: { connack: 'server' },
  },
  clientIdentifierNotValid: {
    code: 0x85,
    description: 'Client Identifier not valid',
    packets: { connack: 'server' },
  },
  badUserNameOrPassword: {
    code: 0x86,
    description: 'Bad User Name or Password',
    packets: { connack: 'server' },
  },
  notAuthorized: {
    code: 0x87,
    description: 'Not authorized',
    packets: {
      connack: 'server',
      puback: 'both',
      pubrec: 'both',
      suback: 'server',
      unsuback: 'server',
      disconnect: 'server',
    },
  },
  serverUnavailable: { code: 0x88, description: 'Server unavailable', packets: { connack: 'server' } },
  serverBusy: {
    code: 0x89,
    description: 'Server busy',
    packets: { connack: 'server', disconnect: 'server' },
  },
  banned: { code: 0x8a, description: 'Banned', packets: { connack: 'server' } },
  serverShuttingDown: { code: 0x8b, description: 'Server shutting down', packets: { disconnect: 'server' } },
  badAuthenticationMethod: {
    code: 0x8c,
    description: 'Bad authentication method',
    packets: { connack: 'server', disconnect: 'server' },
  },
  keepAliveTimeout: { code: 0x8d, description: 'Keep Alive timeout', packets: { disconnect: 'server' } },
  sessionTakenOver: { code: 0x8e, description: 'Session taken over', packets: { disconnect: 'server' } },
  topicFilterInvalid: {
    code: 0x8f,
    description: 'Topic Filter invalid',
    packets: { suback: 'server', unsuback: 'server', disconnect: 'server' },
  },
  topicNameInvalid: {
    code: 0x90,
    description: 'Topic Name invalid',
    packets: { connack: 'server', puback: 'both', pubrec: 'both', disconnect: 'both' },
  },
  packetIdentifierInUse: {
    code: 0x91,
    description: 'Packet Identifier in use',
    packets: { puback: 'both', pubrec: 'both', suback: 'server', unsuback: 'server' },
  },
  packetIdentifierNotFound: {
    code: 0x92,
    description: 'Packet Identifier not found',
    packets: { pubrel: 'both', pubcomp: 'both' },
  },
  receiveMaximumExceeded: {
    code: 0x93,
    description: 'Receive Maximum exceeded',
    packets: { disconnect: 'both' },
  },
  topicAliasInvalid: { code: 0x94, description: 'Topic Alias invalid', packets: { disconnect: 'both' } },
  packetTooLarge: {
    code: 0x95,
    description: 'Packet too large',
    packets: { connack: 'server', disconnect: 'both' },
  },
  messageRateTooHigh: { code: 0x96, description: 'Message rate too high', packets: { disconnect: 'both' } },
  quotaExceeded: {
    code: 0x97,
    description: 'Quota exceeded',
    packets: { connack: 'server', puback: 'both', pubrec: 'both', suback: 'server', disconnect: 'both' },
  },
  administrativeAction: { code: 0x98, description: 'Administrative action', packets: { disconnect: 'both' } },
  payloadFormatInvalid: {
    code: 0x99,
    description: 'Payload format invalid',
    packets: { connack: 'server', puback: 'both', pubrec: 'both', disconnect: 'both' },
  },
  retainNotSupported: {
    code: 0x9a,
    description: 'Retain not supported',
    packets: { connack: 'server', disconnect: 'server' },
  },
  qosNotSupported: {
    code: 0x9b,
    description: 'QoS not supported',
    packets: { connack: 'server', disconnect: 'server' },
  },
  useAnotherServer: {
    code: 0x9c,
    description: 'Use another server',
    packets: { connack: 'server', disconnect: 'server' },
  },
  serverMoved: {
    code: 0x9d,
    description: 'Server moved',
    packets: { connack: 'server', disconnect: 'server' },
  },
  sharedSubscriptionsNotSupported: {
    code: 0x9e,
    description: 'Shared Subscriptions not supported',
    packets: { suback: 'server', disconnect: 'server' },
  },
  connectionRateExceeded: {
    code: 0x9f,
    description: 'Connection rate exceeded',
    packets: { connack: 'server', disconnect: 'server' },
  },
  maximumConnectTime: { code: 0xa0, description: 'Maximum connect time', packets: { disconnect: 'server' } },
  subscriptionIdentifiersNotSupported: {
    code: 0xa1,
    description: 'Subscription Identifiers not supported',
    packets: { suback: 'server', disconnect: 'server' },
  },
  wildcardSubscriptionsNotSupported: {
    code: 0xa2,
    description: 'Wildcard Subscriptions not supported',
    packets: { suback: 'server', disconnect: 'server' },
  },
} as const satisfies Record<string, ReasonCodeDefinition>;

export type ReasonCodeName = keyof typeof reasonCodeDefinitions;

/** The codes alone: `reasonCodes.notAuthorized` is 0x87. */
export const reasonCodes = Object.fromEntries(
  Object.entries(reasonCodeDefinitions).map(([name, definition]) => [name, definition.code]),
) as { readonly [Name in ReasonCodeName]: (typeof reasonCodeDefinitions)[Name]['code'] };

const sendersByPacket = new Map<string, Map<number, Senders>>();
for (const { code, packets } of Object.values<ReasonCodeDefinition>(reasonCodeDefinitions)) {
  for (const [packet, senders] of Object.entries(packets)) {
    const codes = sendersByPacket.get(packet) ?? new Map<number, Senders>();
    sendersByPacket.set(packet, codes.set(code, senders));
  }
}

/** Whether `packet` may carry `code`, from `sender` where one is given and from anybody otherwise. */
export function mayCarry(packet: ReasonPacket, code: number, sender?: Sender): boolean {
  const senders = sendersByPacket.get(packet)?.get(code);
  if (senders === undefined) return false;
  return sender === undefined || senders === 'both' || senders === sender;
}

const returnCodes: { readonly [reasonCode: number]: 1 | 2 | 5 } = {
  [reasonCodes.unsupportedProtocolVersion]: 1,
  [reasonCodes.clientIdentifierNotValid]: 2,
  [reasonCodes.badUserNameOrPassword]: 5,
  [reasonCodes.notAuthorized]: 5,
  [reasonCodes.banned]: 5,
};

/**
 * The 3.x CONNACK return code for a refusal given as 5.0 reason code. Credentials give 5 and never 4, so that 3.x
 * clients learn no more than others; whatever has no code of its own is 3, server unavailable.
 */
export function connackReturnCode(reasonCode: number): 1 | 2 | 3 | 5 {
  return returnCodes[reasonCode] ?? 3;
}
