import type { Buffer } from "node:buffer";
import { HttpConnection } from "./http-connection.ts";
import { type Account, Signer } from "./signer.ts";

/** What the bench asks of any SQS endpoint: makes queues, and requests to them. */
export class QueueClient {
  readonly account: Account;
  readonly #signer: Signer;

  constructor(account: Account) {
    this.account = account;
    this.#signer = new Signer(account);
  }

  request(action: string, input: object): Buffer {
    return this.#signer.request(action, JSON.stringify(input));
  }

  /** One call on a connection of its own, for what is not measured. */
  async call(action: string, input: object): Promise<unknown> {
    const connection = await HttpConnection.open(this.account.endpoint);
    try {
      return JSON.parse((await exchangeOk(connection, this.request(action, input))).toString() || "{}");
    } finally {
      connection.close();
    }
  }

  /** A name that ends in `.fifo` makes a FIFO queue. */
  async createQueue(name: string, attributes: Readonly<Record<string, string>> = {}): Promise<string> {
    const Attributes = {
      // Nothing that the load does not delete may come back while it runs.
      VisibilityTimeout: "3600",
      ...(name.endsWith(".fifo") && { FifoQueue: "true" }),
      ...attributes,
    };
    const { QueueUrl } = (await this.call("CreateQueue", { QueueName: name, Attributes })) as {
      QueueUrl: string;
    };
    return QueueUrl;
  }

  async deleteQueue(queueUrl: string): Promise<void> {
    await this.call("DeleteQueue", { QueueUrl: queueUrl });
  }
}

/** @throws Error on any answer but 200, naming it */
export async function exchangeOk(connection: HttpConnection, request: Buffer): Promise<Buffer> {
  const { status, body } = await connection.exchange(request);
  if (status !== 200) throw new Error(`HTTP ${status}: ${body.toString().slice(0, 300)}`);
  return body;
}
