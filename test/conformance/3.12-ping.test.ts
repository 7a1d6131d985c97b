import { forEachStore } from '../support/for-each-store.ts';

forEachStore('3.12 PINGREQ', (brokerTest) => {
  for (const protocolVersion of [3, 4, 5] as const) {
    brokerTest(
      `[MQTT-3.12.4-1] PINGREQ is answered by PINGRESP in version ${protocolVersion}`,
      async (broker) => {
        const client = await broker.connect({ protocolVersion });
        client.send({ type: 'pingreq' });
        await client.expect('pingresp');
      },
    );
  }

  brokerTest('each of many PINGREQs in one segment is answered', async (broker) => {
    const client = await broker.connect();
    client.send(...Array.from({ length: 20 }, () => ({ type: 'pingreq' as const })));
    for (let count = 0; count < 20; count++) await client.expect('pingresp');
    await client.ping();
  });
});
