import type { FSWatcher } from 'node:fs';
import { realpathSync, statSync, watch } from 'node:fs';
import { dirname } from 'node:path';
import type { CancelTimer, Clock } from '../runtime/clock.ts';

/** Several files change one after the other; this long after the first change they are looked at together. */
const SETTLE_MILLISECONDS = 250;

export interface FileWatcherEvents {
  /** Something happened in a folder of the files; they may be as they were. */
  changed(): void;
  /** A folder cannot be watched. */
  failed(folder: string, error: Error): void;
}

/**
 * Watches files through their folders: a file replaced by rename is another inode, and a mounted secret changes by
 * a link of its folder. The folders that links lead to are watched as well.
 */
export class FileWatcher {
  readonly #clock: Clock;
  readonly #events: FileWatcherEvents;
  /** By folder and inode: a folder made anew under its old name needs another watch. */
  readonly #watches = new Map<string, FSWatcher>();
  #cancelTimer: CancelTimer | undefined;

  constructor(clock: Clock, events: FileWatcherEvents) {
    this.#clock = clock;
    this.#events = events;
  }

  /** Replaces what is watched. Call it again after a change: links may lead elsewhere now. */
  follow(paths: readonly string[]): void {
    const folders = new Set(paths.flatMap((path) => [dirname(path), dirname(resolved(path))]));
    const wanted = new Map([...folders].map((folder) => [watchKey(folder), folder]));
    for (const [key, watcher] of this.#watches) {
      if (wanted.has(key)) continue;
      watcher.close();
      this.#watches.delete(key);
    }
    for (const [key, folder] of wanted) if (!this.#watches.has(key)) this.#watch(key, folder);
  }

  close(): void {
    this.#cancelTimer?.();
    for (const watcher of this.#watches.values()) watcher.close();
    this.#watches.clear();
  }

  #watch(key: string, folder: string): void {
    try {
      const watcher = watch(folder, { persistent: false }, () => this.#settle());
      watcher.on('error', (error) => this.#events.failed(folder, error));
      this.#watches.set(key, watcher);
    } catch (error) {
      this.#events.failed(folder, error as Error);
    }
  }

  /** The first event sets the time and later ones do not put it off: a busy folder must not hide a change. */
  #settle(): void {
    this.#cancelTimer ??= this.#clock.after(SETTLE_MILLISECONDS, () => {
      this.#cancelTimer = undefined;
      this.#events.changed();
    });
  }
}

function resolved(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return path;
  }
}

function watchKey(folder: string): string {
  return `${folder}:${statSync(folder, { throwIfNoEntry: false })?.ino ?? 'missing'}`;
}
