import type { Permission } from '../authorization/permission.ts';
import { effects } from '../authorization/permission.ts';
import { topicTemplateProblem } from '../authorization/template.ts';
import type { Limits } from '../runtime/limits.ts';
import type { Problem } from './problems.ts';
import { fromSentence } from './problems.ts';
import { choice, text } from './scalars.ts';
import type { Schema } from './schema.ts';
import { anything, defaulted, object, optional, refusedYet, required } from './schema.ts';

/** Limits of topics, which permissions keep as every packet does. */
export type TopicLimits = Pick<Limits, 'topicBytes' | 'topicLevels'>;

/** `{ effect: deny, access: read, topic: sensors/+/secret }`. */
export function permissionSchema(limits: TopicLimits) {
  return object({
    effect: defaulted(choice(effects), 'allow', { meaning: 'A deny wins over every allow.' }),
    access: required(choice(['read', 'write', 'readWrite']), {
      meaning: '`read` = subscribe and receive, `write` = publish, wills and retained messages included.',
    }),
    topic: required(topicTemplate(limits), {
      meaning:
        'Topic filter with `+` and `#`, and `${username}`, `${clientId}`, `${cn}`, `${attributes.NAME}`, `${claims.NAME}` in its levels (row A1).',
    }),
    topic_regex: optional(
      refusedYet(text({ type: 'regex', references: false }), { remedy: 'write a topic filter as topic' }),
      {
        meaning: 'Regular expression in place of `topic`. Not available in this version.',
      },
    ),
    when: optional(
      refusedYet(anything, { remedy: 'remove the condition and, unless it holds always, the permission' }),
      {
        meaning: 'Conditions. Not available in this version.',
      },
    ),
  });
}

export type PermissionFields = Permission & { readonly topicRegex?: string; readonly when?: unknown };

/** Without the keys that are only there to be refused. */
export function toPermission({ effect, access, topic }: PermissionFields): Permission {
  return { effect, access, topic };
}

function topicTemplate({ topicBytes, topicLevels }: TopicLimits): Schema<string> {
  return text({
    type: 'topic filter',
    example: 'a filter such as sensors/${username}/#',
    bytesMax: topicBytes,
    references: false,
    check(template) {
      if (/^\$share\//.test(template)) {
        // Row A10.
        const remedy = 'write the filter behind $share/GROUP/: shared subscriptions are judged by it';
        return { message: 'begins with $share', remedy };
      }
      if (template.split('/').length > topicLevels) {
        return {
          message: `has more than ${topicLevels} levels`,
          remedy: 'shorten it, or raise limits.topic_levels',
        };
      }
      return templateProblem(template);
    },
  });
}

function templateProblem(template: string): Omit<Problem, 'value'> | undefined {
  const sentence = topicTemplateProblem(template);
  // A notice shows the value by itself.
  return sentence === undefined
    ? undefined
    : fromSentence(sentence.slice(`topic ${JSON.stringify(template)}: `.length));
}
