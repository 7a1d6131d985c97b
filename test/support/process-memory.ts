import { existsSync, readFileSync } from 'node:fs';

const KIB = 1024;

/** For the `skip` option of tests that look at a process's memory. */
export function needsProcessMemory(): string | false {
  return existsSync('/proc/self/status') ? false : 'not on this machine: /proc/PID/status';
}

/** Resident bytes of a process; an error when it is gone. */
export function residentBytes(pid: number): number {
  const line = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'));
  if (line === null) throw new Error(`process ${pid} has no memory any more`);
  return Number(line[1]) * KIB;
}
