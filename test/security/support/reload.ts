import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { stringify } from 'yaml';
import type { BrokerProcess, LogEntry } from '../../support/broker-process.ts';

/** Rewrites files beside the configuration, sends SIGHUP, and waits for what the broker says of it. */
export async function reload(
  broker: BrokerProcess,
  files: Readonly<Record<string, string | Readonly<Record<string, unknown>>>>,
  outcome: 'configuration_reloaded' | 'configuration_rejected' = 'configuration_reloaded',
): Promise<LogEntry> {
  for (const [name, content] of Object.entries(files)) {
    writeFileSync(join(broker.directory, name), typeof content === 'string' ? content : stringify(content));
  }
  const before = broker.logs().length;
  broker.kill('SIGHUP');
  return broker.waitForLog(outcome, (entry) => broker.logs().indexOf(entry) >= before);
}
