import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Connect, Subscribe } from '../../../src/codec/control-packet.ts';
import { decodeTopicName } from '../../../src/codec/publish-view.ts';
import { reasonCodes } from '../../../src/codec/reason-codes.ts';
import { codecErrorOf, decodeFrame } from './support/decode-frame.ts';
import { packet, prefixed, shortProperties, uint16 } from './support/wire.ts';

const wrong: { name: string; bytes: number[] }[] = [
  { name: 'a high surrogate', bytes: [0xed, 0xa0, 0x80] },
  { name: 'a low surrogate', bytes: [0xed, 0xbf, 0xbf] },
  { name: 'a surrogate pair as two characters (CESU-8)', bytes: [0xed, 0xa0, 0xbd, 0xed, 0xb8, 0x80] },
  { name: 'U+0000', bytes: [0x00] },
  { name: 'U+0000 behind ASCII', bytes: [0x61, 0x00] },
  { name: 'U+0000 behind other characters', bytes: [0xc3, 0xa9, 0x00] },
  { name: 'overlong U+0000', bytes: [0xc0, 0x80] },
  { name: 'overlong / of two bytes', bytes: [0xc0, 0xaf] },
  { name: 'overlong + of three bytes', bytes: [0xe0, 0x80, 0xab] },
  { name: 'overlong # of four bytes', bytes: [0xf0, 0x80, 0x80, 0xa3] },
  { name: 'a code point above U+10FFFF', bytes: [0xf4, 0x90, 0x80, 0x80] },
  { name: 'a lone continuation byte', bytes: [0x61, 0x80] },
  { name: 'a cut off character', bytes: [0x61, 0xe2, 0x82] },
  { name: 'a cut off character before another', bytes: [0xe2, 0x82, 0x61] },
  { name: 'byte 0xff', bytes: [0xff] },
];

const right: { name: string; text: string }[] = [
  { name: '[MQTT-1.5.4-3] U+FEFF at the beginning', text: '\uFEFFtopic' },
  { name: '[MQTT-1.5.4-3] U+FEFF alone', text: '\uFEFF' },
  { name: '[MQTT-1.5.4-3] U+FEFF in the middle', text: 'a\uFEFFb' },
  { name: 'non-characters', text: '\uFFFF\uFFFE\uFDD0\u{1FFFF}\u{10FFFF}' },
  { name: 'control characters', text: '\u0001\u001f\u007f\u009f' },
  { name: 'U+FFFD itself', text: '\uFFFD' },
  { name: 'composed and decomposed forms, unchanged', text: '\u00e9e\u0301\u212b\u00c5' },
  { name: 'four-byte characters', text: '\u{1F600}/\u{1F680}' },
  { name: 'Latin-1 letters', text: '\u00ff\u0080' },
];

/** The same bytes as client identifier, topic filter and user property. */
function decodedTexts(bytes: Buffer): string[] {
  const connect = packet(0x10, prefixed('MQTT'), 4, 2, uint16(0), prefixed(bytes));
  const pair = shortProperties(0x26, prefixed(bytes), prefixed(bytes));
  const subscribe = decodeFrame(packet(0x82, uint16(1), pair, prefixed(bytes), 0), 5) as Subscribe;
  return [
    (decodeFrame(connect, 4) as Connect).clientId,
    ...subscribe.subscriptions.map(({ filter }) => filter),
    ...(subscribe.properties.userProperties?.flat() ?? []),
  ];
}

describe('TH20: [MQTT-1.5.4-1] [MQTT-1.5.4-2] text that is refused', () => {
  for (const { name, bytes } of wrong) {
    test(name, () => {
      const frames = [
        { frame: packet(0x10, prefixed('MQTT'), 4, 2, uint16(0), prefixed(bytes)), version: 4 as const },
        { frame: packet(0x82, uint16(1), shortProperties(), prefixed(bytes), 0), version: 5 as const },
        { frame: packet(0xa2, uint16(1), prefixed(bytes)), version: 3 as const },
      ];
      for (const { frame, version } of frames) {
        assert.equal(codecErrorOf(() => decodeFrame(frame, version)).reasonCode, reasonCodes.malformedPacket);
      }
      const topic = Buffer.from(bytes);
      assert.equal(
        codecErrorOf(() => decodeTopicName(topic, 0, topic.length)).reasonCode,
        reasonCodes.malformedPacket,
      );
    });
  }
});

describe('text that is kept as it is', () => {
  for (const { name, text } of right) {
    test(name, () => {
      const bytes = Buffer.from(text);
      assert.deepEqual(decodedTexts(bytes), [text, text, text, text]);
      assert.equal(decodeTopicName(bytes, 0, bytes.length), text);
    });
  }

  test('a character is not read beyond the end of its string', () => {
    const bytes = Buffer.from([0x61, 0xe2, 0x82, 0xac]);
    assert.equal(decodeTopicName(bytes, 0, 4), 'a\u20ac');
    assert.equal(codecErrorOf(() => decodeTopicName(bytes, 0, 3)).reasonCode, reasonCodes.malformedPacket);
  });
});
