import { BodyReader } from './body-reader.ts';
import { CodecError, faultOf, malformed } from './codec-error.ts';
import type { Connect, ProtocolVersion, QoS, Will } from './control-packet.ts';
import { checkTopicName } from './publish-view.ts';
import { reasonCodes } from './reason-codes.ts';

/** Bit of the protocol level that a mosquitto bridge sets. */
const BRIDGE_BIT = 0x80;

/** The Connect Flags [5.0 section 3.1.2.3]. */
interface ConnectFlags {
  readonly cleanStart: boolean;
  readonly will: boolean;
  readonly willQoS: QoS;
  readonly willRetain: boolean;
  readonly username: boolean;
  readonly password: boolean;
}

/**
 * Decodes the body of CONNECT, whatever its version.
 *
 * @throws CodecError 0x81, 0x82; 0x84 with return code 1 for a protocol level that is not served; 0x90 for a will topic
 * that is empty or has a wildcard.
 */
export function decodeConnect(buffer: Buffer, start: number, end: number): Connect {
  const reader = new BodyReader('connect', buffer, start, end);
  const { version, bridge } = readProtocol(reader);
  const flags = connectFlags(reader.byte('Connect Flags'), version);
  const keepAlive = reader.uint16('Keep Alive');
  const properties = version === 5 ? reader.properties() : {};
  const clientId = reader.text('Client Identifier'); // [MQTT-3.1.3-3]
  // [MQTT-3.1.2-9]
  const will = flags.will ? readWill(reader, flags, version) : undefined;
  // 3.1 section 3.1: these may be missing although their flags are set.
  const mayBeMissing = version === 3;
  const username =
    flags.username && !(mayBeMissing && reader.remaining === 0) ? reader.text('User Name') : undefined;
  // [MQTT-3.1.2-18] [MQTT-3.1.2-19]
  const password =
    flags.password && !(mayBeMissing && reader.remaining === 0) ? reader.binary('Password') : undefined;
  reader.finish();
  return {
    type: 'connect',
    protocolVersion: version,
    bridge,
    cleanStart: flags.cleanStart,
    keepAlive,
    clientId,
    ...(username !== undefined && { username }),
    ...(password !== undefined && { password }),
    ...(will !== undefined && { will }),
    properties,
  };
}

/**
 * The version of a CONNECT whose further body is at fault, for the form of the answer; undefined when its beginning is
 * at fault too.
 */
export function connectVersion(buffer: Buffer, start: number, end: number): ProtocolVersion | undefined {
  try {
    return readProtocol(new BodyReader('connect', buffer, start, end)).version;
  } catch (error) {
    if (error instanceof CodecError) return undefined;
    throw error;
  }
}

function readProtocol(reader: BodyReader): { version: ProtocolVersion; bridge: boolean } {
  const name = reader.text('Protocol Name');
  // [MQTT-3.1.2-1]
  if (name !== 'MQTT' && name !== 'MQIsdp') {
    throw malformed('connect', 'Protocol Name is unknown; it is MQTT, or MQIsdp in 3.1');
  }
  const level = reader.byte('Protocol Version');
  if (name === 'MQTT' && level === 5) return { version: 5, bridge: false };
  const version = name === 'MQTT' ? 4 : 3;
  if ((level & ~BRIDGE_BIT) === version) return { version, bridge: level !== version };
  // [MQTT-3.1.2-2] [3.1.1:MQTT-3.1.2-2]
  throw faultOf(
    reasonCodes.unsupportedProtocolVersion,
    'connect',
    `Protocol Version is ${level} for ${name}; served are MQIsdp 3, MQTT 4 and MQTT 5`,
    1,
  );
}

function connectFlags(flags: number, version: ProtocolVersion): ConnectFlags {
  const will = (flags & 0x04) !== 0;
  const willQoS = (flags >> 3) & 3;
  const username = (flags & 0x80) !== 0;
  const password = (flags & 0x40) !== 0;
  // [MQTT-3.1.2-12]
  if (will && willQoS === 3) throw malformed('connect', 'Will QoS is 3; it is 0, 1 or 2');
  // 3.1 section 3.1 disregards the reserved bit, and the two will fields when there is no will.
  if (version !== 3) {
    // [MQTT-3.1.2-3]
    if ((flags & 0x01) !== 0) throw malformed('connect', 'the reserved Connect Flag is set');
    // [MQTT-3.1.2-11] [MQTT-3.1.2-13]
    if (!will && (flags & 0x38) !== 0)
      throw malformed('connect', 'Will QoS or Will Retain is set without Will Flag');
  }
  // [3.1.1:MQTT-3.1.2-22] 5.0 allows a password alone.
  if (version !== 5 && password && !username) {
    throw malformed('connect', 'Password Flag is set without User Name Flag');
  }
  return {
    cleanStart: (flags & 0x02) !== 0,
    will,
    willQoS: willQoS as QoS,
    willRetain: (flags & 0x20) !== 0,
    username,
    password,
  };
}

function readWill(reader: BodyReader, flags: ConnectFlags, version: ProtocolVersion): Will {
  const properties = version === 5 ? reader.properties('will') : {};
  const topic = reader.text('Will Topic');
  checkTopicName(topic, 'will', 'Will Topic');
  const payload = reader.binary('Will Payload');
  return { topic, payload, qos: flags.willQoS, retain: flags.willRetain, properties };
}
