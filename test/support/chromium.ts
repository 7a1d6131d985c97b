import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import type { BrowserContext, Page } from 'playwright-core';
import { chromium } from 'playwright-core';
import { repositoryRoot } from './repository.ts';
import { findProgram, needs } from './skip-reason.ts';
import { temporaryDirectory } from './temporary-directory.ts';

const browserArguments = [
  '--headless=new',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--disable-dev-shm-usage',
];

/** For the `skip` option of tests that need a browser. */
export function needsChromium(): string | false {
  return needs('chromium');
}

export interface BrowserOptions {
  readonly ignoreCertificateErrors?: boolean;
}

/** Starts Debian's chromium with an empty profile; it ends with the test. */
export async function startChromium(
  owner: { after(cleanUp: () => Promise<void>): void },
  options: BrowserOptions = {},
): Promise<BrowserContext> {
  const executablePath = findProgram('chromium');
  if (executablePath === undefined) throw new Error('chromium is not on PATH');
  const browser = await chromium.launchPersistentContext(temporaryDirectory('chromium'), {
    executablePath,
    args: browserArguments,
    ignoreHTTPSErrors: options.ignoreCertificateErrors ?? false,
  });
  owner.after(() => browser.close());
  return browser;
}

const mqttPage =
  '<!doctype html><meta charset="utf-8"><title>MQTT.js</title><script src="/mqtt.min.js"></script>';

async function serveMqttPage(owner: { after(cleanUp: () => Promise<void>): void }): Promise<string> {
  const library = readFileSync(join(repositoryRoot, 'node_modules', 'mqtt', 'dist', 'mqtt.min.js'));
  const server = createServer((request, response) => {
    const script = request.url === '/mqtt.min.js';
    response.setHeader('content-type', script ? 'text/javascript' : 'text/html');
    response.end(script ? library : mqttPage);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  owner.after(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** A page that has loaded MQTT.js, and the origin its WebSocket connections come from. */
export interface MqttPage {
  readonly page: Page;
  readonly origin: string;
  /**
   * Runs the body of an asynchronous function in the page. It sees MQTT.js as `mqtt` and the argument
   * as `given`; what it returns must be JSON.
   */
  run<Result>(body: string, given?: unknown): Promise<Result>;
}

/** Opens a page with MQTT.js in a new browser. */
export async function openMqttPage(
  owner: { after(cleanUp: () => Promise<void>): void },
  options: BrowserOptions = {},
): Promise<MqttPage> {
  const origin = await serveMqttPage(owner);
  const browser = await startChromium(owner, options);
  const page = await browser.newPage();
  await page.goto(origin);
  return {
    page,
    origin,
    run: async <Result>(body: string, given: unknown = null): Promise<Result> => {
      const script = `(async (given) => { ${body} })(${JSON.stringify(given)})`;
      return (await page.evaluate(script)) as Result;
    },
  };
}
