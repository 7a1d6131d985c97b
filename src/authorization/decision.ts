import type { Access, Permission } from './permission.ts';

/** A permission, how the principal came to it, and what it says for this principal. */
export interface PermissionReference {
  /** `client sensor-001`, `role sensor` */
  readonly path: string;
  /** Place in the permissions of that client or role, from 0. */
  readonly index: number;
  readonly permission: Permission;
  /** The topic with the principal's values in it; a variable that is not bound stays as it is written. */
  readonly boundTopic: string;
  /** Each variable that the topic names; null = not bound. */
  readonly variables: Readonly<Record<string, string | null>>;
}

/** Whether a principal may do one thing with one topic, and why (row A5). */
export type Decision = {
  readonly access: Access;
  readonly topic: string;
} & (
  | { readonly allowed: true; readonly reason: 'allowed'; readonly by: PermissionReference }
  | {
      readonly allowed: false;
      readonly reason: 'denied';
      readonly by: PermissionReference;
      /** The allow that the deny overrules, if there is one. */
      readonly nearest?: PermissionReference;
    }
  | {
      readonly allowed: false;
      readonly reason: 'no-permission';
      readonly by?: never;
      /** The allow that comes closest, if one comes close at all. */
      readonly nearest?: PermissionReference;
    }
);

/** Whether a principal may subscribe with a filter, and why. */
export type FilterDecision = { readonly filter: string } & (
  | {
      readonly granted: true;
      /** Every topic that the filter matches is readable under this policy: the delivery check may be skipped (row A4). */
      readonly complete: boolean;
      readonly reason: 'covered';
      /** The allow that covers the filter, or its deepest topics where several cover it together. */
      readonly by: PermissionReference;
    }
  | {
      readonly granted: false;
      readonly complete: false;
      readonly reason: 'not-covered';
      readonly by?: never;
      /** A topic that the filter matches and the principal may not read; absent when the filter itself is malformed. */
      readonly witness?: string;
    }
  | {
      readonly granted: false;
      readonly complete: false;
      readonly reason: 'denied';
      readonly by: PermissionReference;
      readonly witness: string;
    }
);

/** One sentence for people: `write "a/b" is allowed by role r, permissions[0]: allow write "a/${username}" (username = "b")`. */
export function decisionText(decision: Decision): string {
  const asked = `${decision.access} ${JSON.stringify(decision.topic)}`;
  switch (decision.reason) {
    case 'allowed':
      return `${asked} is allowed by ${referenceText(decision.by)}`;
    case 'denied': {
      const overruled =
        decision.nearest === undefined ? '' : `, which overrules ${referenceText(decision.nearest)}`;
      return `${asked} is denied by ${referenceText(decision.by)}${overruled}`;
    }
    case 'no-permission': {
      const nearest =
        decision.nearest === undefined ? '' : `; the nearest is ${referenceText(decision.nearest)}`;
      return `${asked} is denied because no permission allows it${nearest}`;
    }
  }
}

/** As decisionText, for a subscription. */
export function filterDecisionText(decision: FilterDecision): string {
  const asked = `subscribe ${JSON.stringify(decision.filter)}`;
  switch (decision.reason) {
    case 'covered':
      return `${asked} is allowed by ${referenceText(decision.by)}${decision.complete ? '' : ', with each message checked at delivery'}`;
    case 'denied':
      return `${asked} is denied by ${referenceText(decision.by)}, which leaves nothing of it readable`;
    case 'not-covered':
      return decision.witness === undefined
        ? `${asked} is denied because it is no plain topic filter`
        : `${asked} is denied because it matches ${JSON.stringify(decision.witness)}, which no permission allows`;
  }
}

function referenceText({ path, index, permission, variables }: PermissionReference): string {
  const values = Object.entries(variables).map(
    ([name, value]) => `${name} ${value === null ? 'is not bound' : `= ${JSON.stringify(value)}`}`,
  );
  const bound = values.length === 0 ? '' : ` (${values.join(', ')})`;
  return `${path}, permissions[${index}]: ${permission.effect} ${permission.access} ${JSON.stringify(permission.topic)}${bound}`;
}
