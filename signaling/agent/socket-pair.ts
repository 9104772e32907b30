// An even UDP port for RTP and the odd one after it for RTCP (RFC 3550 section 11), chosen by the system.
import { createSocket, type Socket } from 'node:dgram';
import { errorMessage, WeirError } from '../../shared/errors.ts';

export interface SocketPair {
  readonly rtp: Socket;
  readonly rtcp: Socket;
  readonly port: number;
}

/** The system hands out odd ports too, and the next port may be taken. */
const attempts = 64;
const receiveBufferBytes = 262_144;

export async function openSocketPair(address: string): Promise<SocketPair> {
  let last: unknown;
  for (let attempt = 0; attempt < attempts; attempt++) {
    const rtp = await bind(address, 0);
    const port = rtp.address().port;
    if (port % 2 === 0) {
      try {
        return { rtp, rtcp: await bind(address, port + 1), port };
      } catch (thrown) {
        last = thrown;
      }
    }
    rtp.close();
  }
  throw new WeirError('no-ports', `Cannot open a pair of media ports on ${address}: none of ${attempts} was free`, last);
}

function bind(address: string, port: number): Promise<Socket> {
  const socket = createSocket(address.includes(':') ? 'udp6' : 'udp4');
  const { promise, resolve, reject } = Promise.withResolvers<Socket>();
  socket.once('error', (error) => {
    socket.close();
    reject(new WeirError('listen-failed', `Cannot open a media port on ${address}: ${errorMessage(error)}`, error));
  });
  socket.bind({ address, port, exclusive: true }, () => {
    socket.removeAllListeners('error');
    // Sending to a closed port makes the next call fail with ECONNREFUSED; media goes on regardless.
    socket.on('error', () => {});
    socket.setRecvBufferSize(receiveBufferBytes);
    resolve(socket);
  });
  return promise;
}
