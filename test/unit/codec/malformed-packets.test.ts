import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { ProtocolVersion } from '../../../src/codec/control-packet.ts';
import { decodeTopicName, PublishView, readPublish } from '../../../src/codec/publish-view.ts';
import { codecErrorOf, decodeFrame } from './support/decode-frame.ts';
import type { MalformedCase } from './support/malformed-cases.ts';
import { malformedCases } from './support/malformed-cases.ts';
import { malformedConnects } from './support/malformed-connect.ts';
import { malformedProperties } from './support/malformed-properties.ts';

const PUBLISH = 3;

/** As the broker reads a PUBLISH: in place, the topic when it is needed. */
function readInPlace(frame: Buffer, version: ProtocolVersion): void {
  const view = new PublishView();
  readPublish(view, frame[0]! & 15, frame, 2, frame.length, version);
  if (view.topicStart !== view.topicEnd) decodeTopicName(frame, view.topicStart, view.topicEnd);
}

function refuses(cases: readonly MalformedCase[]): void {
  for (const { fault, frame, version = 5, code, returnCode } of cases) {
    test(fault, () => {
      const error = codecErrorOf(() => decodeFrame(frame, version));
      assert.equal(error.reasonCode, code, error.message);
      assert.equal(error.connackReturnCode, returnCode);
      if (frame[0]! >> 4 === PUBLISH) {
        assert.equal(codecErrorOf(() => readInPlace(frame, version)).reasonCode, code);
      }
    });
  }
}

describe('TH20: malformed packets', () => refuses(malformedCases));
describe('TH20: malformed CONNECT', () => refuses(malformedConnects));
describe('TH20: malformed properties', () => refuses(malformedProperties));
