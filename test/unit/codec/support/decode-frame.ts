import assert from 'node:assert/strict';
import { CodecError } from '../../../../src/codec/codec-error.ts';
import type { ControlPacket, ProtocolVersion } from '../../../../src/codec/control-packet.ts';
import { decodePacket } from '../../../../src/codec/decode-packet.ts';
import { FrameReader } from '../../../../src/codec/frame-reader.ts';

/** The largest packet that MQTT allows. */
export const LARGEST_PACKET = 268_435_460;

/** Decodes one whole packet the way a connection does, and asserts that nothing of it is left over. */
export function decodeFrame(frame: Buffer, version: ProtocolVersion): ControlPacket {
  const packets = decodeStream([frame], version);
  assert.equal(packets.length, 1);
  return packets[0]!;
}

/** All packets of a stream that comes in these chunks. */
export function decodeStream(chunks: readonly Buffer[], version: ProtocolVersion): ControlPacket[] {
  const reader = new FrameReader(LARGEST_PACKET);
  const packets: ControlPacket[] = [];
  for (const chunk of chunks) {
    reader.push(chunk);
    while (reader.next()) {
      packets.push(
        decodePacket(reader.type, reader.flags, reader.buffer, reader.bodyStart, reader.end, version),
      );
    }
  }
  assert.equal(reader.bufferedBytes, 0);
  return packets;
}

/** The CodecError that `action` throws; fails when it throws nothing or another error. */
export function codecErrorOf(action: () => unknown): CodecError {
  try {
    action();
  } catch (error) {
    assert.ok(error instanceof CodecError, `not a CodecError: ${String(error)}`);
    return error;
  }
  assert.fail('nothing was thrown');
}
