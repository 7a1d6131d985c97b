import { isSystemTopic } from './topic.ts';

interface Retained<M> {
  readonly message: M;
  readonly bytes: number;
  /** Ascends with every `set`. */
  readonly sequence: number;
}

/** The place behind some levels of a topic. */
class TopicNode<M> {
  children: Map<string, TopicNode<M>> | undefined;
  retained: Retained<M> | undefined;
}

/** Nodes still to visit that stand behind `depth` levels of the filter. */
interface Visit<M> {
  readonly nodes: Iterator<TopicNode<M>>;
  readonly depth: number;
}

/** Retained messages in a tree over the levels of their topics. Pure; nothing here recurses. */
export class RetainedMessages<M> {
  /** [MQTT-4.7.2-1] `$` topics live apart: a filter with a leading wildcard cannot reach them. */
  readonly #system = new TopicNode<M>();
  readonly #ordinary = new TopicNode<M>();
  #count = 0;
  #bytes = 0;
  #sequence = 0;

  get count(): number {
    return this.#count;
  }

  /** Sum of the `bytes` given with the messages kept. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Keeps the message of a topic, in place of the previous one [MQTT-3.3.1-5]. */
  set(topic: string, message: M, bytes: number): void {
    let node = this.#rootOf(topic);
    for (const level of topic.split('/')) {
      node.children ??= new Map();
      let child = node.children.get(level);
      if (child === undefined) {
        child = new TopicNode();
        node.children.set(level, child);
      }
      node = child;
    }
    if (node.retained === undefined) this.#count += 1;
    else this.#bytes -= node.retained.bytes;
    this.#bytes += bytes;
    this.#sequence += 1;
    node.retained = { message, bytes, sequence: this.#sequence };
  }

  /** Forgets the message of a topic [MQTT-3.3.1-6]; false when there was none. */
  delete(topic: string): boolean {
    const levels = topic.split('/');
    const path = this.#pathOf(topic, levels);
    const node = path?.at(-1);
    if (path === undefined || node?.retained === undefined) return false;
    this.#count -= 1;
    this.#bytes -= node.retained.bytes;
    node.retained = undefined;
    prune(path, levels);
    return true;
  }

  get(topic: string): M | undefined {
    return this.#pathOf(topic, topic.split('/'))?.at(-1)?.retained?.message;
  }

  /**
   * The messages whose topics match a valid (inner) filter, found as they are asked for and in no particular order.
   *
   * The iteration sees the state at the call: each message once, less those deleted or replaced before their turn.
   * Messages set after the call are left out; a subscription installed before it has received them live. So a caller
   * may stop for a slow reader and go on later, whatever happens in between.
   */
  match(filter: string): IterableIterator<M> {
    return matchingMessages(this.#rootOf(filter), filter.split('/'), this.#sequence);
  }

  #rootOf(topicOrFilter: string): TopicNode<M> {
    return isSystemTopic(topicOrFilter) ? this.#system : this.#ordinary;
  }

  #pathOf(topic: string, levels: readonly string[]): TopicNode<M>[] | undefined {
    const path = [this.#rootOf(topic)];
    for (const level of levels) {
      const child = path.at(-1)?.children?.get(level);
      if (child === undefined) return undefined;
      path.push(child);
    }
    return path;
  }
}

/**
 * Walks down with a stack of its own. Maps allow changes while they are iterated; a branch that is pruned meanwhile
 * holds nothing old any more, and one that is made anew holds nothing but newer messages.
 */
function* matchingMessages<M>(
  root: TopicNode<M>,
  levels: readonly string[],
  lastSequence: number,
): Generator<M, undefined> {
  const visits: Visit<M>[] = [{ nodes: [root].values(), depth: 0 }];
  for (let visit = visits.at(-1); visit !== undefined; visit = visits.at(-1)) {
    const step = visit.nodes.next();
    if (step.done) {
      visits.pop();
      continue;
    }
    const { children, retained } = step.value;
    const level = levels[visit.depth];
    const ends = level === undefined || level === '#'; // `a/#` matches `a` too [section 4.7.1.2]
    if (ends && retained !== undefined && retained.sequence <= lastSequence) yield retained.message;
    if (level === undefined || children === undefined) continue;
    if (level === '#') visits.push({ nodes: children.values(), depth: visit.depth });
    else if (level === '+') visits.push({ nodes: children.values(), depth: visit.depth + 1 });
    else visits.push({ nodes: childrenNamed(children, level), depth: visit.depth + 1 });
  }
  return undefined;
}

function childrenNamed<M>(children: Map<string, TopicNode<M>>, level: string): Iterator<TopicNode<M>> {
  const child = children.get(level);
  return (child === undefined ? [] : [child]).values();
}

/** Takes away what is empty at the end of a path, whose nodes stand behind no, one, two… of the levels. */
function prune<M>(path: readonly TopicNode<M>[], levels: readonly string[]): void {
  for (let depth = levels.length; depth > 0; depth -= 1) {
    const node = path[depth];
    const parent = path[depth - 1];
    if (node?.retained !== undefined || node?.children !== undefined) return;
    parent?.children?.delete(levels[depth - 1]!);
    if (parent?.children?.size === 0) parent.children = undefined;
  }
}
