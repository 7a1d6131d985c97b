export const accessKinds = ['read', 'write'] as const;
/** `read` = subscribe and receive; `write` = publish, will and retained included. */
export type Access = (typeof accessKinds)[number];

export const effects = ['allow', 'deny'] as const;
export type Effect = (typeof effects)[number];

/** A permission as configured (SPEC.md §1). `topic` is a filter template such as `sensors/${username}/#`. */
export interface Permission {
  readonly effect: Effect;
  readonly access: Access | 'readWrite';
  readonly topic: string;
}

/** Permissions with the path by which a principal came to them, for diagnostics: `client sensor-001`, `role sensor`. */
export interface PermissionSet {
  readonly path: string;
  readonly permissions: readonly Permission[];
}

/** A value of `attributes`, `claims` and the like. */
export type AttributeValue = string | number | boolean | readonly AttributeValue[];

/** What is proven about a principal and may stand in a topic template (row A1). An absent value is not bound. */
export interface VariableBindings {
  readonly username?: string;
  readonly clientId?: string;
  /** Common Name of the verified client certificate. */
  readonly cn?: string;
  readonly attributes?: Readonly<Record<string, AttributeValue>>;
  readonly claims?: Readonly<Record<string, AttributeValue>>;
}
