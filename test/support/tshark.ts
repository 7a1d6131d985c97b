import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { LineLog } from './line-log.ts';
import { cleanEnvironment, mustRun } from './run-program.ts';
import { temporaryDirectory } from './temporary-directory.ts';

// dumpcap hands packets over in batches; what was sent just now is not in the file yet.
const flushedWithinMs = 700;

// Everything the MQTT dissector can find fault with, beside a packet it cannot read at all.
const complaints = [
  '_ws.malformed',
  'mqtt.illegal_topic_length',
  'mqtt.unknown_topic_alias',
  'mqtt.unknown_version',
  'mqtt.prop_unknown',
].join(' || ');

/** A packet of the broker that Wireshark's MQTT dissector finds fault with. */
export interface BadPacket {
  readonly frame: number;
  readonly sourcePort: number;
  readonly complaint: string;
}

/** A running capture on the loopback interface. */
export interface Capture {
  readonly file: string;
  /** Ends the capture; resolves when the file is complete. */
  stop(): Promise<void>;
}

/** Records the TCP traffic of these ports. Needs the program tshark and the right to capture. */
export async function startCapture(
  owner: { after(cleanUp: () => Promise<void>): void },
  ports: readonly number[],
): Promise<Capture> {
  const file = join(temporaryDirectory('capture'), 'loopback.pcap');
  const filter = ports.map((port) => `tcp port ${port}`).join(' or ');
  const child = spawn('tshark', ['-i', 'lo', '-f', filter, '-w', file, '-q'], {
    env: cleanEnvironment({ LC_ALL: 'C' }),
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  const lines = new LineLog<string>((line) => line);
  lines.read(child.stderr);
  const closed = new Promise<void>((resolve) => child.on('close', () => resolve()));
  let stopped: Promise<void> | undefined;
  const stop = (): Promise<void> => {
    stopped ??= sleep(flushedWithinMs).then(() => {
      child.kill('SIGINT');
      return closed;
    });
    return stopped;
  };
  owner.after(stop);
  // "Capturing on" comes earlier, when dumpcap has not opened the interface yet.
  const started = await lines.waitFor((line) => line.includes('Capture started'), 15_000);
  if (started === undefined) throw new Error(`tshark does not capture\n${lines.entries.join('\n')}`);
  return { file, stop };
}

/**
 * What is looked at on a port. Wireshark 4.0 does not hand what is in a WebSocket on to its MQTT dissector: there only
 * the frames are judged.
 */
const layers = {
  mqtt: { decodeAs: 'mqtt', kindField: 'mqtt.msgtype' },
  websocket: { decodeAs: 'http', kindField: 'websocket.opcode' },
} as const;
type Layer = keyof typeof layers;

async function fieldsOf(
  file: string,
  ports: readonly number[],
  layer: Layer,
  filter: string,
  fields: readonly string[],
): Promise<string[][]> {
  const args = ['-r', file, '-Y', filter, '-T', 'fields', ...fields.flatMap((field) => ['-e', field])];
  for (const port of ports) args.push('-d', `tcp.port==${port},${layers[layer].decodeAs}`);
  const printed = await mustRun('tshark', args, {
    timeoutMs: 60_000,
    env: cleanEnvironment({ LC_ALL: 'C' }),
  });
  return printed
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => line.split('\t'));
}

/** How many MQTT control packets, or WebSocket frames, the broker sent: a capture that saw none proves nothing. */
export async function packetsFromBroker(
  file: string,
  ports: readonly number[],
  layer: Layer = 'mqtt',
): Promise<number> {
  const fromBroker = ports.map((port) => `tcp.srcport==${port}`).join(' || ');
  const rows = await fieldsOf(file, ports, layer, `${layer} && (${fromBroker})`, [layers[layer].kindField]);
  return rows.flatMap(([types = '']) => types.split(',')).length;
}

/** The packets sent from the broker's ports that are malformed, or about which the MQTT dissector complains. */
export async function badPacketsFromBroker(
  file: string,
  ports: readonly number[],
  layer: Layer = 'mqtt',
): Promise<readonly BadPacket[]> {
  const fromBroker = ports.map((port) => `tcp.srcport==${port}`).join(' || ');
  const rows = await fieldsOf(file, ports, layer, `(${complaints}) && (${fromBroker})`, [
    'frame.number',
    'tcp.srcport',
    '_ws.expert.message',
  ]);
  return rows.map(([frame, sourcePort, complaint]) => ({
    frame: Number(frame),
    sourcePort: Number(sourcePort),
    complaint: complaint === undefined || complaint === '' ? 'malformed packet' : complaint,
  }));
}
