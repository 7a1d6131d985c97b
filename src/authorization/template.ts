import type { AttributeValue, VariableBindings } from './permission.ts';

const plainVariables = ['username', 'clientId', 'cn'] as const;
const variableMaps = ['attributes', 'claims'] as const;

/** `${username}` or, with a name, `${attributes.floor}`. */
export type TemplateVariable =
  | { readonly source: (typeof plainVariables)[number]; readonly text: string }
  | { readonly source: (typeof variableMaps)[number]; readonly name: string; readonly text: string };

/** A level with variables: `pieces[0] variables[0] pieces[1] …`, so there is one piece more than variables. */
export interface VariableLevel {
  readonly kind: 'variable';
  readonly text: string;
  readonly pieces: readonly string[];
  readonly variables: readonly TemplateVariable[];
  /** The first character of the topic comes from the first variable. */
  readonly beginsTopic: boolean;
}

export type TemplateLevel =
  | { readonly kind: 'literal'; readonly text: string }
  /** `+` */
  | { readonly kind: 'single' }
  /** `#`, always last. */
  | { readonly kind: 'tail' }
  | VariableLevel;

/** What is left of a level when some variable is not bound: literal pieces with any run of characters between them. */
export type LevelGlob = readonly string[];

/** A template that is no MQTT filter or names an unknown variable. The message names the value and the remedy. */
export class TopicTemplateError extends Error {
  override readonly name = 'TopicTemplateError';
}

/**
 * The levels of a filter template such as `sensors/${username}/#`.
 * @throws TopicTemplateError
 */
export function parseTopicTemplate(template: string): readonly TemplateLevel[] {
  if (template === '') throw problem(template, 'is empty', 'write a topic filter, or "#" for every topic');
  if (template.includes('\0')) throw problem(template, 'holds a NUL character', 'remove it'); // Section 4.7.3.
  const levels = template.split('/');
  return levels.map((level, index) => parseLevel(template, level, index, index === levels.length - 1));
}

/** What is wrong with a template, as a sentence with its remedy; undefined when nothing is. For checks before saving. */
export function topicTemplateProblem(template: string): string | undefined {
  try {
    parseTopicTemplate(template);
    return undefined;
  } catch (error) {
    if (error instanceof TopicTemplateError) return error.message;
    throw error;
  }
}

function parseLevel(template: string, level: string, index: number, last: boolean): TemplateLevel {
  if (level === '+') return { kind: 'single' };
  if (level === '#') {
    if (!last) throw problem(template, '"#" is not the last level', 'end the filter there, or use "+"'); // Section 4.7.1.
    return { kind: 'tail' };
  }
  if (/[+#]/.test(level)) {
    throw problem(
      template,
      `"+" or "#" is only a part of level "${level}"`,
      'give the wildcard a level of its own',
    ); // Section 4.7.1.
  }
  return level.includes('${') ? parseVariableLevel(template, level, index) : { kind: 'literal', text: level };
}

function parseVariableLevel(template: string, level: string, index: number): VariableLevel {
  const pieces: string[] = [];
  const variables: TemplateVariable[] = [];
  let from = 0;
  for (let open = level.indexOf('${'); open >= 0; open = level.indexOf('${', from)) {
    const close = level.indexOf('}', open);
    if (close < 0)
      throw problem(template, `"${level.slice(open)}" has no "}" in its level`, 'close the variable');
    pieces.push(level.slice(from, open));
    variables.push(parseVariable(template, level.slice(open + 2, close)));
    from = close + 1;
  }
  pieces.push(level.slice(from));
  return { kind: 'variable', text: level, pieces, variables, beginsTopic: index === 0 && pieces[0] === '' };
}

function parseVariable(template: string, text: string): TemplateVariable {
  const plain = plainVariables.find((source) => source === text);
  if (plain !== undefined) return { source: plain, text };
  const map = variableMaps.find((source) => text.startsWith(`${source}.`) && text.length > source.length + 1);
  if (map !== undefined) return { source: map, name: text.slice(map.length + 1), text };
  throw problem(
    template,
    `unknown variable "\${${text}}"`,
    'use ${username}, ${clientId}, ${cn}, ${attributes.NAME} or ${claims.NAME}',
  );
}

function problem(template: string, what: string, remedy: string): TopicTemplateError {
  return new TopicTemplateError(`topic ${JSON.stringify(template)}: ${what}; ${remedy}`);
}

/**
 * The value of a variable, or undefined where it counts as not bound: absent, a list, empty, with a character that
 * means something in a filter, or a leading `$` where it begins the topic (row A1, TH01, TH27).
 */
export function boundValue(
  variable: TemplateVariable,
  bindings: VariableBindings,
  beginsTopic: boolean,
): string | undefined {
  const value = rawValue(variable, bindings);
  if (value === undefined || typeof value === 'object') return undefined;
  const text = String(value);
  // biome-ignore lint/suspicious/noControlCharactersInRegex: NUL is what we look for.
  if (text === '' || /[/+#\u0000]/.test(text)) return undefined;
  return beginsTopic && text.startsWith('$') ? undefined : text;
}

function rawValue(variable: TemplateVariable, bindings: VariableBindings): AttributeValue | undefined {
  switch (variable.source) {
    case 'username':
    case 'clientId':
    case 'cn':
      return bindings[variable.source];
    case 'attributes':
    case 'claims': {
      const values = bindings[variable.source];
      // Own properties only: `${attributes.constructor}` is nobody's attribute.
      return values !== undefined && Object.hasOwn(values, variable.name) ? values[variable.name] : undefined;
    }
  }
}

/** The text of a level under these bindings, or a glob when a variable of it is not bound. */
export function bindLevel(level: VariableLevel, bindings: VariableBindings): string | LevelGlob {
  const glob: string[] = [];
  let text = level.pieces[0] ?? '';
  level.variables.forEach((variable, index) => {
    const next = level.pieces[index + 1] ?? '';
    const value = boundValue(variable, bindings, level.beginsTopic && index === 0);
    if (value === undefined) {
      glob.push(text);
      text = next;
    } else {
      text += value + next;
    }
  });
  return glob.length === 0 ? text : [...glob, text];
}

/** Whether every value of a level matches: nothing of the level is fixed. */
export function isAnyLevel(glob: LevelGlob): boolean {
  return glob.every((piece) => piece === '');
}

export function globMatches(glob: LevelGlob, level: string): boolean {
  const first = glob[0] ?? '';
  const last = glob[glob.length - 1] ?? '';
  if (level.length < first.length + last.length || !level.startsWith(first) || !level.endsWith(last))
    return false;
  const end = level.length - last.length;
  let from = first.length;
  for (const piece of glob.slice(1, -1)) {
    const found = level.indexOf(piece, from);
    if (found < 0 || found + piece.length > end) return false;
    from = found + piece.length;
  }
  return true;
}
