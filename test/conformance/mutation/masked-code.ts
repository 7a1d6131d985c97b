/**
 * The text with comments and the contents of strings, templates and regular expressions turned to spaces: every position
 * stays, line ends too, so that brackets can be matched.
 */
export function maskCode(text: string): string {
  const masked = text.replace(tokens, (found, regularExpression: string | undefined, offset: number) => {
    if (regularExpression !== undefined && !mayBeginExpression(text, offset)) return found;
    return found.startsWith('/') ? blank(found) : `${found[0]}${blank(found.slice(1, -1))}${found.at(-1)}`;
  });
  return masked;
}

const tokens =
  /\/\*[\s\S]*?\*\/|\/\/[^\n]*|'(?:\\.|[^'\\\n])*'|"(?:\\.|[^"\\\n])*"|`(?:\\.|[^`\\])*`|(\/(?:\\.|\[(?:\\.|[^\]\\\n])*\]|[^/\\[\n])+\/)/g;

function blank(text: string): string {
  return text.replace(/[^\n]/g, ' ');
}

/** A slash divides behind a value, and begins a regular expression elsewhere. */
function mayBeginExpression(text: string, offset: number): boolean {
  return /(?:^|[(,=:[!&|?{};]|\breturn)\s*$/.test(text.slice(Math.max(0, offset - 40), offset));
}

const closing: Readonly<Record<string, string>> = { '(': ')', '[': ']', '{': '}' };

/** Where the bracket at `start` of masked code closes; -1 when it does not. */
export function matchingBracket(masked: string, start: number): number {
  const stack: string[] = [];
  for (let index = start; index < masked.length; index++) {
    const character = masked[index] as string;
    const close = closing[character];
    if (close !== undefined) stack.push(close);
    else if (character === stack.at(-1)) stack.pop();
    if (stack.length === 0) return index;
  }
  return -1;
}

/** The first of the characters behind `start` that stands outside of brackets, or the bracket that ends it all. */
export function endOf(masked: string, start: number, characters: string): number {
  for (let index = start; index < masked.length; index++) {
    const character = masked[index] as string;
    if (characters.includes(character) || ')]}'.includes(character)) return index;
    if (closing[character] !== undefined) {
      const end = matchingBracket(masked, index);
      if (end < 0) return -1;
      index = end;
    }
  }
  return -1;
}

/** What stands in front of the brace around a position, up to the statement before; empty at the top of the file. */
export function enclosingHead(masked: string, position: number): string {
  let depth = 0;
  for (let index = position - 1; index >= 0; index--) {
    const character = masked[index] as string;
    if (')]}'.includes(character)) depth++;
    else if (closing[character] !== undefined && depth-- === 0) {
      const head = masked.slice(0, index);
      return head.slice(Math.max(head.lastIndexOf(';'), head.lastIndexOf('}')) + 1).trim() + character;
    }
  }
  return '';
}
