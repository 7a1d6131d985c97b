import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { ChainOptions } from '../../../src/authentication/chain.ts';
import { authenticateThroughChain } from '../../../src/authentication/chain.ts';
import type { Principal, ProviderName } from '../../../src/authentication/principal.ts';
import type { AuthenticationProvider, AuthenticationResult } from '../../../src/authentication/provider.ts';
import { credentials } from './fixtures.ts';

const principal: Principal = {
  identityKey: 'client:x',
  provider: 'basic',
  clientType: 'DEVICE',
  attributes: {},
  permissions: [],
};

const answers = {
  yes: { kind: 'authenticated', principal },
  pass: { kind: 'not-applicable', detail: 'not mine' },
  no: { kind: 'rejected', detail: 'wrong' },
  disabled: { kind: 'rejected', detail: 'disabled', final: 'disabled' },
  revoked: { kind: 'rejected', detail: 'revoked', final: 'revoked' },
  expired: { kind: 'rejected', detail: 'expired', final: 'expired' },
  banned: { kind: 'rejected', detail: 'banned', final: 'banned' },
  'not-owner': { kind: 'rejected', detail: 'not owner', final: 'not-owner' },
  down: { kind: 'unavailable', detail: 'down' },
  overload: { kind: 'unavailable', detail: 'overload', overload: true },
  challenge: {
    kind: 'challenge',
    data: Buffer.from('n'),
    exchange: { answer: () => Promise.resolve({ kind: 'not-applicable', detail: '' }) },
  },
} as const satisfies Record<string, AuthenticationResult>;
type Answer = keyof typeof answers | 'throws';

/** Two providers that differ in name only: what the chain knows about them is by name. */
const firstName: ProviderName = 'basic';
const secondName: ProviderName = 'anonymous';

function scripted(name: ProviderName, answer: Answer, asked: ProviderName[]): AuthenticationProvider {
  return {
    name,
    authenticate() {
      asked.push(name);
      if (answer === 'throws') throw new TypeError('no such field');
      return Promise.resolve(answers[answer]);
    },
  };
}

async function run(chain: readonly Answer[], options: ChainOptions = {}) {
  const asked: ProviderName[] = [];
  const providers = chain.map((answer, index) =>
    scripted(index === 0 ? firstName : secondName, answer, asked),
  );
  const outcome = await authenticateThroughChain(
    providers,
    options,
    credentials({ username: 'u', password: 'p' }),
  );
  return { outcome, asked: asked.length };
}

const stop: ChainOptions = { stopOnReject: new Set([firstName]) };
const skip: ChainOptions = { nextOnUnavailable: new Set([firstName]) };

describe('the provider chain', () => {
  const table: readonly (readonly [readonly Answer[], ChainOptions, string, number])[] = [
    [[], {}, 'bad-credentials', 0],
    [['yes', 'no'], {}, 'authenticated', 1],
    [['pass', 'yes'], {}, 'authenticated', 2],
    [['no', 'yes'], {}, 'authenticated', 2],
    [['no', 'yes'], stop, 'bad-credentials', 1],
    [['pass', 'yes'], stop, 'authenticated', 2],
    [['pass', 'no'], stop, 'bad-credentials', 2],
    [['pass', 'pass'], {}, 'bad-credentials', 2],
    [['disabled', 'yes'], {}, 'disabled', 1],
    [['revoked', 'yes'], {}, 'revoked', 1],
    [['expired', 'yes'], {}, 'expired', 1],
    [['banned', 'yes'], {}, 'banned', 1],
    [['not-owner', 'yes'], {}, 'not-owner', 1],
    [['no', 'disabled'], {}, 'disabled', 2],
    [['disabled', 'yes'], stop, 'disabled', 1],
    [['down', 'yes'], {}, 'unavailable', 1],
    [['down', 'yes'], skip, 'authenticated', 2],
    [['down', 'no'], skip, 'bad-credentials', 2],
    [['throws', 'yes'], {}, 'unavailable', 1],
    [['throws', 'yes'], skip, 'authenticated', 2],
    [['overload', 'yes'], {}, 'overload', 1],
    [['overload', 'yes'], skip, 'overload', 1],
    [['pass', 'down'], skip, 'unavailable', 2],
    [['challenge', 'yes'], {}, 'challenge', 1],
    [['no', 'challenge'], {}, 'challenge', 2],
  ];
  for (const [chain, options, expected, asked] of table) {
    const how = options === stop ? ', stop_on_reject' : options === skip ? ', on_unavailable: next' : '';
    test(`${chain.join(' then ') || 'an empty order'}${how}: ${expected}`, async () => {
      const result = await run(chain, options);
      const { outcome } = result;
      assert.equal(outcome.kind === 'refused' ? outcome.cause : outcome.kind, expected);
      assert.equal(result.asked, asked);
      if (outcome.kind === 'refused') assert.equal(outcome.attempts.length, asked);
    });
  }

  test('attempts tell the operator what each provider said', async () => {
    const { outcome } = await run(['throws', 'no'], skip);
    assert.deepEqual(outcome, {
      kind: 'refused',
      cause: 'bad-credentials',
      attempts: [
        { provider: 'basic', result: 'unavailable', detail: 'the provider failed: TypeError: no such field' },
        { provider: 'anonymous', result: 'rejected', detail: 'wrong' },
      ],
    });
  });

  test('a challenge is handed on with the provider that made it', async () => {
    const { outcome } = await run(['challenge']);
    assert.ok(outcome.kind === 'challenge');
    assert.equal(outcome.provider, 'basic');
    assert.equal(outcome.exchange, answers.challenge.exchange);
  });

  test('an Authentication Method concerns only its own provider [MQTT-4.12.0-1]', async () => {
    const asked: ProviderName[] = [];
    const outcome = await authenticateThroughChain(
      [scripted(firstName, 'yes', asked)],
      { anonymous: scripted(secondName, 'yes', asked) },
      credentials({ username: 'u', password: 'p', authenticationMethod: 'SCRAM-SHA-1' }),
    );
    assert.deepEqual(outcome, { kind: 'refused', cause: 'unknown-method', attempts: [] });
    assert.deepEqual(asked, []);
  });
});

describe('anonymous and the listener’s providers', () => {
  const ask = (chain: readonly Answer[], options: Omit<ChainOptions, 'anonymous'>, anonymous: Answer) => {
    const asked: ProviderName[] = [];
    const providers = chain.map((answer) => scripted(firstName, answer, asked));
    return authenticateThroughChain(
      providers,
      { ...options, anonymous: scripted(secondName, anonymous, asked) },
      credentials(),
    ).then((outcome) => ({ asked, result: outcome.kind === 'refused' ? outcome.cause : outcome.kind }));
  };

  test('anonymous stands behind the order', async () => {
    assert.deepEqual(await ask(['pass'], {}, 'yes'), {
      asked: ['basic', 'anonymous'],
      result: 'authenticated',
    });
    assert.deepEqual(await ask([], {}, 'yes'), { asked: ['anonymous'], result: 'authenticated' });
    assert.deepEqual(await ask(['yes'], {}, 'yes'), { asked: ['basic'], result: 'authenticated' });
  });

  test('anonymous does not follow what ends the chain', async () => {
    assert.deepEqual(await ask(['disabled'], {}, 'yes'), { asked: ['basic'], result: 'disabled' });
    assert.deepEqual(await ask(['down'], {}, 'yes'), { asked: ['basic'], result: 'unavailable' });
    assert.deepEqual(await ask(['no'], stop, 'yes'), { asked: ['basic'], result: 'bad-credentials' });
  });

  test('a listener that names its providers is served by these only, anonymous included', async () => {
    const only = (...onListener: string[]) => ask(['yes'], { onListener }, 'yes');
    assert.deepEqual((await only('basic')).asked, ['basic']);
    assert.deepEqual((await only('anonymous')).asked, ['anonymous']);
    assert.deepEqual(await only('x509'), { asked: [], result: 'bad-credentials' });
    assert.deepEqual(await only(), { asked: [], result: 'bad-credentials' });
    assert.deepEqual(await ask(['pass'], { onListener: ['basic'] }, 'yes'), {
      asked: ['basic'],
      result: 'bad-credentials',
    });
  });
});
