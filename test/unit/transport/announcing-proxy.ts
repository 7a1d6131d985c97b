import type { AddressInfo, Socket } from 'node:net';
import { connect, createServer } from 'node:net';
import { turns } from './listener-fixture.ts';

/**
 * A proxy that puts a header before what each client sends first and cuts the two, taken as one, after `cut` bytes.
 * `header` is called with the number of the connection, from 0.
 */
export class AnnouncingProxy {
  readonly #server = createServer();
  readonly #sockets = new Set<Socket>();

  static async open(
    targetPort: number,
    header: (index: number) => Buffer,
    cut: number,
  ): Promise<AnnouncingProxy> {
    const proxy = new AnnouncingProxy();
    let index = 0;
    proxy.#server.on('connection', (client) => {
      const target = connect({ host: '127.0.0.1', port: targetPort, noDelay: true });
      const announced = header(index);
      index += 1;
      for (const socket of [client, target]) {
        proxy.#sockets.add(socket);
        socket.on('error', () => {});
      }
      client.on('close', () => target.destroy());
      target.on('close', () => client.destroy());
      client.once('data', async (first: Buffer) => {
        client.pause();
        const stream = Buffer.concat([announced, first]);
        target.write(stream.subarray(0, cut));
        await turns(3);
        if (cut < stream.length) target.write(stream.subarray(cut));
        client.pipe(target).pipe(client);
      });
    });
    await new Promise<void>((resolve) => {
      proxy.#server.listen(0, '127.0.0.1', () => resolve());
    });
    return proxy;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  close(): void {
    this.#server.close();
    for (const socket of this.#sockets) socket.destroy();
  }
}
