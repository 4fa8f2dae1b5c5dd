import { performance } from "node:perf_hooks";
import { median } from "./closed-loop.ts";
import { HttpConnection } from "./http-connection.ts";
import { exchangeOk, type QueueClient } from "./queue-client.ts";

/**
 * Microseconds that the Worker takes to check the signature of a SendMessage.
 *
 * @param client of a server that runs `counted-worker.ts`
 */
export async function measureSignature(client: QueueClient, bodyBytes: number): Promise<number> {
  const connection = await HttpConnection.open(client.account.endpoint);
  const checkMs = async (times: number) => {
    const request = client.request(`BenchVerify${times}`, { MessageBody: "x".repeat(bodyBytes) });
    const startMs = performance.now();
    await exchangeOk(connection, request);
    return performance.now() - startMs;
  };
  const micros: number[] = [];
  await checkMs(MANY);
  for (let round = 0; round < 5; round++) {
    const emptyMs = await checkMs(0);
    micros.push((((await checkMs(MANY)) - emptyMs) * 1000) / MANY);
  }
  connection.close();
  return median(micros);
}

const MANY = 1000;
