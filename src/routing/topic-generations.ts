import { EMPTY_HASH, hashUnit } from './topic-hash.ts';

const SLASH = 0x2f;
const PLUS = 0x2b;
const HASH = 0x23;
const SLOT_BITS = 16;

/**
 * Tells whether a subscription change since a given moment can concern a topic, without knowing the topics.
 *
 * A filter counts its changes under its literal beginning: `a/b/+/c` under `a/b/`, `#` under the empty text, a filter
 * without wildcards under itself. A topic adds up the counts of all its beginnings: as counts only grow, an equal sum
 * means that nothing changed. Devices that come and go under `devices/ID/#` leave the other devices' topics alone.
 * Beginnings share 65,536 slots by hash; sharing a slot costs a needless look-up and never hides a change.
 */
export class TopicGenerations {
  /** Changes of all filters together. While it stands still, every stamp still holds. */
  changes = 0;
  readonly #counts = new Float64Array(2 ** SLOT_BITS);

  /** Notes that a subscription of this filter came, went or was replaced. */
  bump(filter: string): void {
    this.changes += 1;
    let hash = EMPTY_HASH;
    let prefix = EMPTY_HASH;
    for (let index = 0; index < filter.length; index += 1) {
      const unit = filter.charCodeAt(index);
      if (unit === PLUS || unit === HASH) {
        this.#count(prefix);
        return;
      }
      hash = hashUnit(hash, unit);
      if (unit === SLASH) prefix = hash;
    }
    this.#count(hash);
  }

  /** A sum that grows with every change that can concern this topic. */
  stamp(topic: string): number {
    const counts = this.#counts;
    let hash = EMPTY_HASH;
    let sum = counts[slotOf(hash)]!;
    for (let index = 0; index < topic.length; index += 1) {
      const unit = topic.charCodeAt(index);
      hash = hashUnit(hash, unit);
      if (unit === SLASH) sum += counts[slotOf(hash)]!;
    }
    const parent = hashUnit(hash, SLASH); // `a/b/#` counts under `a/b/` and matches `a/b`
    return sum + counts[slotOf(hash)]! + counts[slotOf(parent)]!;
  }

  #count(hash: number): void {
    this.#counts[slotOf(hash)]! += 1;
  }
}

function slotOf(hash: number): number {
  return (hash ^ (hash >>> SLOT_BITS)) & (2 ** SLOT_BITS - 1);
}
