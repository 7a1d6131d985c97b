import fc from 'fast-check';

/** Few and short levels, so that random filters and topics often meet; empty, `$` and non-ASCII ones among them. */
const literal = fc.constantFrom('a', 'b', '', '$', 'ü', '😀');

/** A topic name. */
export const topicName: fc.Arbitrary<string> = fc
  .array(literal, { minLength: 1, maxLength: 4 })
  .map((levels) => levels.join('/'))
  .filter((topic) => topic !== '');

/** A valid filter that is not a shared subscription. */
export const topicFilter: fc.Arbitrary<string> = fc
  .tuple(
    fc.array(fc.oneof({ weight: 3, arbitrary: literal }, { weight: 2, arbitrary: fc.constant('+') }), {
      maxLength: 4,
    }),
    fc.boolean(),
  )
  .map(([levels, hash]) => [...levels, ...(hash ? ['#'] : [])].join('/'))
  .filter((filter) => filter !== '');
