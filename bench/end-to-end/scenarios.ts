/** One run of the load generator: `mqload MODE ARGS`. Publishers of user u<i> stay below t/u<i>/. */
export interface Scenario {
  readonly name: string;
  readonly mode: 'fanin' | 'fanout' | 'p2p' | 'connect';
  readonly args: readonly string[];
  /** Field of the result line that is compared. */
  readonly figure: 'per_cpu_s' | 'kb_per_conn' | 'conn_s';
}

const subscriber = ['--sub-user', 'sub', '--sub-pass', 'sub'];

/** Closed loop, lossless, 100-byte payload, password and per-client rules on. */
export const scenarios: readonly Scenario[] = [
  throughput('fan-in 50→1, QoS 0', 'fanin', [...subscriber, '-n', '50', '-s', '1', '-q', '0']),
  throughput('fan-out 1→100, QoS 0', 'fanout', [...subscriber, '-n', '1', '-s', '100', '-q', '0']),
  throughput('50 pairs, QoS 0', 'p2p', ['-n', '50', '-q', '0']),
  throughput('50 pairs, QoS 0, 1 KiB', 'p2p', ['-n', '50', '-q', '0', '-l', '1024']),
  throughput('50 pairs, QoS 1', 'p2p', ['-n', '50', '-q', '1', '-f', '20']),
  throughput('50 pairs, QoS 2', 'p2p', ['-n', '50', '-q', '2', '-f', '20']),
  throughput('200 pairs, one at a time', 'p2p', ['-n', '200', '-W', '1', '-q', '0']),
  throughput('200→1, one at a time', 'fanin', [...subscriber, '-n', '200', '-s', '1', '-W', '1', '-q', '0']),
  {
    name: 'idle connections, KB each',
    mode: 'connect',
    args: ['-n', '5000', '-C', '64', '--hold', '2'],
    figure: 'kb_per_conn',
  },
];

function throughput(name: string, mode: Scenario['mode'], args: readonly string[]): Scenario {
  return { name, mode, args: [...args, '-d', '3', '-w', '1'], figure: 'per_cpu_s' };
}
