const signature = Buffer.from('0d0a0d0a000d0a515549540a', 'hex');

/** A PROXY protocol header of version 2: version and command, family and transport, then the parts with their length. */
export function proxyV2(versionAndCommand: number, family: number, ...parts: readonly Buffer[]): Buffer {
  const block = Buffer.concat(parts);
  const fixed = Buffer.from([versionAndCommand, family, block.length >> 8, block.length & 0xff]);
  return Buffer.concat([signature, fixed, block]);
}

/** A header of version 1 that announces this source. */
export function proxyV1(address: string, port: number): Buffer {
  return Buffer.from(`PROXY TCP4 ${address} 203.0.113.1 ${port} 1883\r\n`, 'latin1');
}

/** The same announcement in version 2. */
export function proxyV2From(address: string, port: number): Buffer {
  const source = Buffer.from(address.split('.').map(Number));
  const rest = Buffer.from([203, 0, 113, 1, port >> 8, port & 0xff, 0x07, 0x5b]);
  return proxyV2(0x21, 0x11, source, rest);
}
