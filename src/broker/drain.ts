import { reasonCodes } from '../codec/reason-codes.ts';
import type { Broker } from './broker.ts';

/** Shutdown: nobody new comes in, everybody is told (5.0: 0x8B), and what was accepted is made durable. */
export async function drain(broker: Broker): Promise<void> {
  broker.draining = true;
  broker.log('broker_stopping', { connections: broker.connections.size });
  for (const client of [...broker.connections]) {
    if (client.accepted !== undefined) {
      client.disconnect(reasonCodes.serverShuttingDown, 'broker is shutting down');
    } else if (client.connection.awaitsConnect) {
      client.connection.close(); // CONNACK would answer nothing.
    } else {
      client.refuseNow(reasonCodes.serverUnavailable);
    }
  }
  // A CONNECT that waits for its session finds its connection closed, and leaves the session as it was.
  await broker.sessions.turnsOver();
  await broker.writer.durable();
}
