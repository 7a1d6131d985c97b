import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { configurationErrors, securityErrors } from './fixtures.ts';

const parameters = { seed: 20_261_120, numRuns: 400 } as const;

/** Words of both files and YAML's punctuation, in any order: nearer to a mistake than random letters. */
const words = fc
  .array(
    fc.constantFrom(
      ...'clients roles providers order authentication kind password username name listeners protocol tls mqtt ack_wait anonymous limits'.split(
        ' ',
      ),
      ...[
        ': ',
        '\n',
        '\n  ',
        '\n- ',
        ' - ',
        '[',
        ']',
        '{ ',
        ' }',
        ', ',
        "'",
        '"',
        '#',
        '&a ',
        '*a ',
        '!t ',
        '| ',
        '> ',
        '\t',
        '---\n',
        '? ',
        '%',
      ],
      ...['30', '1s', 'no', '${env:X}', '\0', '\ud800', '\ufeff', 'ä'],
    ),
    { maxLength: 60 },
  )
  .map((parts) => parts.join(''));

const texts = fc.oneof(words, fc.string({ unit: 'binary', maxLength: 200 }), fc.string({ maxLength: 200 }));

describe('any text gives a configuration or a ConfigurationError, never anything else', () => {
  it('portcullis.yaml', () => {
    // errorsOf throws for every other error.
    fc.assert(
      fc.property(texts, (text) => void configurationErrors(text)),
      parameters,
    );
  });

  it('security.yaml', () => {
    fc.assert(
      fc.property(texts, (text) => void securityErrors(text)),
      parameters,
    );
  });

  it('environment variables', () => {
    const names = fc.constantFrom(
      'MQTT',
      'MQTT__ACK_WAIT',
      'LISTENERS',
      'LISTENERS__0',
      'LISTENERS__0__TLS__X',
      'ANONYMOUS',
      'LISTENERS__',
      '',
      '__',
    );
    fc.assert(
      fc.property(
        names,
        texts,
        (name, value) => void configurationErrors('', { env: { [`PORTCULLIS_${name}`]: value } }),
      ),
      parameters,
    );
  });

  it('any text in quotes is a name, unless it is blank or holds U+0000', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', maxLength: 30 }), (text) => {
        const quoted = JSON.stringify(text);
        const errors = securityErrors(`roles:\n- name: ${quoted}`);
        assert.equal(errors.length === 0, text.trim() !== '' && !text.includes('\0'));
      }),
      parameters,
    );
  });
});
