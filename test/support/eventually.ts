/** Tries again until it gives something. Each try must ask the broker, so that trying is not spinning. */
export async function eventually<T>(attempt: () => Promise<T | undefined>, withinMs = 5_000): Promise<T> {
  const until = Date.now() + withinMs;
  while (Date.now() < until) {
    const result = await attempt();
    if (result !== undefined) return result;
  }
  throw new Error(`not within ${withinMs} ms`);
}
