import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { compilePolicy } from '../../../src/authorization/compile-policy.ts';
import { decisionText, filterDecisionText } from '../../../src/authorization/decision.ts';
import type { Permission, PermissionSet } from '../../../src/authorization/permission.ts';
import { permissionTreeOf } from '../../../src/authorization/permission-tree.ts';
import { TopicTemplateError } from '../../../src/authorization/template.ts';

function permission(
  access: Permission['access'],
  topic: string,
  effect: Permission['effect'] = 'allow',
): Permission {
  return { effect, access, topic };
}

const sensorRole: PermissionSet = {
  path: 'role sensor',
  permissions: [permission('read', 'commands/${username}/+'), permission('write', 'tele/${username}/#')],
};
const ownSet: PermissionSet = {
  path: 'client s1',
  permissions: [permission('write', 'extra/x'), permission('write', 'tele/+/secret', 'deny')],
};

describe('the union of a client’s own permissions and its roles (C5)', () => {
  const policy = compilePolicy([ownSet, sensorRole], { username: 's1' });

  test('each contributes', () => {
    assert.ok(policy.permits('write', 'extra/x'));
    assert.ok(policy.permits('write', 'tele/s1/t'));
    assert.ok(policy.permits('read', 'commands/s1/now'));
    assert.ok(!policy.permits('read', 'extra/x'));
  });

  test('a deny of one wins over an allow of the other', () => {
    assert.ok(!policy.permits('write', 'tele/s1/secret'));
    assert.ok(policy.permits('write', 'tele/s1/secret/x'));
  });

  test('without any set nothing is permitted', () => {
    const nobody = compilePolicy([], {});
    assert.ok(!nobody.permits('read', 'a'));
    assert.equal(nobody.covers('#').granted, false);
  });
});

describe('one role, many principals', () => {
  test('the tree is made once and holds nobody’s values', () => {
    const first = compilePolicy([sensorRole], { username: 'a' });
    const tree = permissionTreeOf(sensorRole);
    const second = compilePolicy([sensorRole], { username: 'b' });
    assert.equal(permissionTreeOf(sensorRole), tree);
    assert.ok(first.permits('write', 'tele/a/t') && !first.permits('write', 'tele/b/t'));
    assert.ok(second.permits('write', 'tele/b/t') && !second.permits('write', 'tele/a/t'));
  });

  test('a thousand permissions are told apart by their levels', () => {
    const permissions = Array.from({ length: 1000 }, (_, n) =>
      permission('write', `site/${n}/\${username}/#`),
    );
    const policy = compilePolicy([{ path: 'role big', permissions }], { username: 'u' });
    const decision = policy.decide('write', 'site/777/u/x');
    assert.equal(decision.by?.index, 777);
    assert.ok(!policy.permits('write', 'site/1000/u/x'));
  });

  test('a malformed topic gives no policy at all, rather than one with a deny missing', () => {
    const permissions = [permission('read', '#'), permission('read', 'a/#/b', 'deny')];
    assert.throws(() => compilePolicy([{ path: 'role broken', permissions }], {}), TopicTemplateError);
  });
});

describe('decisions say why (A5)', () => {
  const policy = compilePolicy([ownSet, sensorRole], { username: 's1' });

  test('allowed: the permission, its path and the values', () => {
    assert.deepEqual(policy.decide('write', 'tele/s1/t'), {
      access: 'write',
      topic: 'tele/s1/t',
      allowed: true,
      reason: 'allowed',
      by: {
        path: 'role sensor',
        index: 1,
        permission: sensorRole.permissions[1],
        boundTopic: 'tele/s1/#',
        variables: { username: 's1' },
      },
    });
  });

  const sentences: readonly (readonly [Permission['access'] & ('read' | 'write'), string, string])[] = [
    [
      'write',
      'tele/s1/t',
      'write "tele/s1/t" is allowed by role sensor, permissions[1]: allow write "tele/${username}/#" (username = "s1")',
    ],
    [
      'write',
      'tele/s1/secret',
      'write "tele/s1/secret" is denied by client s1, permissions[1]: deny write "tele/+/secret", ' +
        'which overrules role sensor, permissions[1]: allow write "tele/${username}/#" (username = "s1")',
    ],
    [
      'write',
      'commands/s1/now',
      'write "commands/s1/now" is denied because no permission allows it; ' +
        'the nearest is role sensor, permissions[0]: allow read "commands/${username}/+" (username = "s1")',
    ],
    [
      'write',
      'tele/s2/t',
      'write "tele/s2/t" is denied because no permission allows it; ' +
        'the nearest is role sensor, permissions[1]: allow write "tele/${username}/#" (username = "s1")',
    ],
    ['read', 'other\n', 'read "other\\n" is denied because no permission allows it'],
  ];
  for (const [access, topic, sentence] of sentences) {
    test(sentence, () => assert.equal(decisionText(policy.decide(access, topic)), sentence));
  }

  test('an unbound variable is named as the reason', () => {
    const unproven = compilePolicy([sensorRole], {});
    const decision = unproven.decide('write', 'tele/s1/t');
    assert.equal(
      decisionText(decision),
      'write "tele/s1/t" is denied because no permission allows it; ' +
        'the nearest is role sensor, permissions[1]: allow write "tele/${username}/#" (username is not bound)',
    );
    assert.equal(decision.reason === 'no-permission' && decision.nearest?.boundTopic, 'tele/${username}/#');
  });

  test('subscriptions have their sentences', () => {
    const filters: Readonly<Record<string, string>> = {
      'commands/s1/+':
        'subscribe "commands/s1/+" is allowed by role sensor, permissions[0]: allow read "commands/${username}/+" (username = "s1")',
      'commands/#':
        'subscribe "commands/#" is denied because it matches "commands/any", which no permission allows',
      'a#': 'subscribe "a#" is denied because it is no plain topic filter',
    };
    for (const [filter, sentence] of Object.entries(filters)) {
      assert.equal(filterDecisionText(policy.covers(filter)), sentence);
    }
    const denying = compilePolicy(
      [{ path: 'client d', permissions: [permission('read', '#'), permission('read', 'a/+', 'deny')] }],
      {},
    );
    assert.equal(
      filterDecisionText(denying.covers('a/+')),
      'subscribe "a/+" is denied by client d, permissions[1]: deny read "a/+", which leaves nothing of it readable',
    );
    assert.equal(
      filterDecisionText(denying.covers('#')),
      'subscribe "#" is allowed by client d, permissions[0]: allow read "#", with each message checked at delivery',
    );
  });
});
