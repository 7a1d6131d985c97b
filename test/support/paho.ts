import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { repositoryRoot } from './repository.ts';
import { mustRun } from './run-program.ts';
import { findProgram } from './skip-reason.ts';

/** MQTT 5 properties under Paho's names, without spaces; CorrelationData in hexadecimal. */
export interface PahoProperties {
  readonly UserProperty?: readonly (readonly [string, string])[];
  readonly ContentType?: string;
  readonly ResponseTopic?: string;
  readonly CorrelationData?: string;
  readonly PayloadFormatIndicator?: number;
  readonly MessageExpiryInterval?: number;
  readonly TopicAlias?: number;
  readonly SubscriptionIdentifier?: number | readonly number[];
  readonly ReceiveMaximum?: number;
  readonly MaximumPacketSize?: number;
  readonly TopicAliasMaximum?: number;
  readonly ServerKeepAlive?: number;
  readonly AssignedClientIdentifier?: string;
  readonly WillDelayInterval?: number;
}

export interface PahoMessage {
  readonly topic: string;
  readonly payload: Uint8Array;
  readonly qos: number;
  readonly retain: boolean;
  /** Empty in 3.x. */
  readonly properties: PahoProperties;
}

export interface PahoFilter {
  readonly filter: string;
  readonly qos?: 0 | 1 | 2;
  /** This and what follows are MQTT 5 only. */
  readonly noLocal?: boolean;
  readonly retainAsPublished?: boolean;
  readonly retainHandling?: 0 | 1 | 2;
}

export type PahoStep =
  | { readonly subscribe: readonly PahoFilter[]; readonly properties?: PahoProperties }
  | { readonly unsubscribe: readonly string[] }
  | { readonly publish: PahoPublication }
  | { readonly waitForMessages: number }
  | { readonly waitForDisconnect: true }
  | { readonly sleep: number };

export interface PahoPublication {
  readonly topic: string;
  readonly payload: string | Uint8Array;
  readonly qos?: 0 | 1 | 2;
  readonly retain?: boolean;
  readonly properties?: PahoProperties;
}

export interface PahoSession {
  readonly host: string;
  readonly port: number;
  readonly version?: '3.1' | '3.1.1' | '5.0';
  readonly transport?: 'tcp' | 'websockets';
  /** Of the WebSocket. */
  readonly path?: string;
  readonly clientId?: string;
  readonly cleanStart?: boolean;
  /** Seconds; MQTT 5 only. */
  readonly sessionExpiry?: number;
  /** Of CONNECT; MQTT 5 only. */
  readonly properties?: PahoProperties;
  readonly username?: string;
  readonly password?: string;
  /** Seconds. */
  readonly keepAlive?: number;
  readonly tls?: { readonly caFile: string; readonly certFile?: string; readonly keyFile?: string };
  readonly will?: PahoPublication;
  /** Seconds each wait may take; 5 unless told. */
  readonly timeout?: number;
  /** Done in order once CONNACK said 0. */
  readonly steps?: readonly PahoStep[];
}

export interface PahoResult {
  /** Return or reason code of CONNACK; null when none came. */
  readonly connack: number | null;
  readonly sessionPresent: boolean | null;
  readonly connackProperties: PahoProperties;
  /** Per step whether it came to its end in time, and the codes of SUBACK or UNSUBACK. */
  readonly steps: readonly { readonly done: boolean; readonly codes: readonly number[] }[];
  readonly messages: readonly PahoMessage[];
  /** Paho's code when the broker ended the connection: the reason of DISCONNECT in 5.0, else Paho's own. */
  readonly disconnect: number | null;
  /** A failure below MQTT: connection refused, TLS. */
  readonly error: string | null;
}

let python: string | null | undefined;

function pythonWithPaho(): string | null {
  if (python === undefined) {
    // Debian's package belongs to Debian's Python; another one may come first on PATH.
    const candidates = ['/usr/bin/python3', findProgram('python3')].filter((path) => path !== undefined);
    const works = (path: string): boolean => spawnSync(path, ['-c', 'import paho.mqtt.client']).status === 0;
    python = candidates.find(works) ?? null;
  }
  return python;
}

/** For the `skip` option of tests that use Paho. */
export function needsPaho(): string | false {
  return pythonWithPaho() === null ? 'not on this machine: python3 with paho-mqtt' : false;
}

function encoded(publication: PahoPublication): object {
  return { ...publication, payload: Buffer.from(publication.payload).toString('base64') };
}

/** Connects with Paho, does the steps, disconnects, and tells what happened. */
export async function pahoSession(session: PahoSession): Promise<PahoResult> {
  const program = pythonWithPaho();
  if (program === null) throw new Error('no python3 can import paho.mqtt');
  const { will, steps = [] } = session;
  const input = JSON.stringify({
    ...session,
    ...(will === undefined ? {} : { will: encoded(will) }),
    steps: steps.map((step) => ('publish' in step ? { publish: encoded(step.publish) } : step)),
  });
  const script = join(repositoryRoot, 'test', 'support', 'paho-client.py');
  const printed = await mustRun(program, [script], { input, timeoutMs: 60_000 });
  const result = JSON.parse(printed) as PahoResult & { messages: readonly { readonly payload: string }[] };
  return {
    ...result,
    messages: result.messages.map((message) => ({
      ...message,
      payload: Buffer.from(String(message.payload), 'base64'),
    })),
  };
}
