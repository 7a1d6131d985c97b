import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { repositoryRoot } from '../../support/repository.ts';

const copied = ['src', 'test'];
const leftOut = ['.git', '.build', '.test-results'];

/** The repository in a folder of its own, where sources may be changed; what nobody changes is linked. */
export class TreeCopy {
  readonly root: string;

  constructor() {
    this.root = mkdtempSync(join(tmpdir(), 'portcullis-mutation-'));
    for (const name of readdirSync(repositoryRoot)) {
      if (leftOut.includes(name)) continue;
      const [from, to] = [join(repositoryRoot, name), join(this.root, name)];
      if (copied.includes(name)) cpSync(from, to, { recursive: true });
      else symlinkSync(from, to);
    }
  }

  read(file: string): string {
    return readFileSync(join(this.root, file), 'utf8');
  }

  write(file: string, text: string): void {
    writeFileSync(join(this.root, file), text);
  }

  remove(): void {
    rmSync(this.root, { recursive: true, force: true });
  }
}
