/** A masked client frame (RFC 6455, 5.2) with a payload below 126 bytes. */
export function frame(opcode: number, payload: string | Buffer, fin = true): Buffer {
  const mask = Buffer.from([1, 2, 3, 4]);
  const masked = Buffer.from(payload).map((byte, index) => byte ^ mask.readUInt8(index % 4));
  return Buffer.concat([Buffer.from([(fin ? 0x80 : 0) | opcode, 0x80 | masked.length]), mask, masked]);
}

/** A good upgrade request, to its last empty line. */
export const upgradeRequest = [
  'GET /mqtt HTTP/1.1',
  'Host: localhost',
  'Connection: Upgrade',
  'Upgrade: websocket',
  'Sec-WebSocket-Version: 13',
  'Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==',
  'Sec-WebSocket-Protocol: mqtt',
  '',
  '',
].join('\r\n');
