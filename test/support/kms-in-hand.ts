import { Buffer } from "node:buffer";
import { randomBytes } from "node:crypto";
import type { QueueKms } from "../../src/encryption/queue-kms.ts";
import { err, ok } from "../../src/lib/result.ts";
import type { SqsError } from "../../src/queue/errors.ts";
import { queueArn } from "../../src/queue/queue-arn.ts";

/** A KMS that is told what to answer, and counts what it is asked. */
export class KmsInHand {
  /** Its keys are elsewhere: only their use tells whether they may be used. */
  elsewhere = false;
  /** What it refuses everything with. */
  refusal: SqsError | undefined;
  /** It refuses to decrypt alone. */
  decryptRefusal: SqsError | undefined;
  away = false;
  /** The key that every name leads to. */
  keyArn = "arn:aws:kms:us-east-1:000000000000:key/1";
  generated = 0;
  decrypted = 0;
  /** How often it was asked whether a caller may. */
  asked = 0;
  readonly #dataKeys = new Map<string, Uint8Array>();
  /** Of each data key, by its blob: the key that it is under. */
  readonly #keyArns = new Map<string, string>();

  as(principal = "alice"): QueueKms {
    const may = async () => {
      this.asked++;
      if (this.elsewhere) return ok(undefined);
      return this.refusal ? err(this.refusal) : ok(this.keyArn);
    };
    const use = () => {
      if (this.away) throw new Error("KMS is away");
      return this.refusal;
    };
    const nameOf = (blob: Uint8Array, arn: string) => `${Buffer.from(blob).toString("hex")} ${arn}`;
    const mayDecrypt = () => (this.elsewhere ? undefined : (this.decryptRefusal ?? this.refusal));
    return {
      principal,
      maySeal: may,
      mayOpen: may,
      mayDecrypt: async ({ blob }) => {
        this.asked++;
        const refused = mayDecrypt();
        return refused ? err(refused) : ok(this.#keyArns.get(Buffer.from(blob).toString("hex")) ?? "");
      },
      generateDataKey: async ({ queue }) => {
        this.generated++;
        const refused = use();
        if (refused) return err(refused);
        const [plaintext, blob] = [new Uint8Array(randomBytes(32)), new Uint8Array(randomBytes(50))];
        this.#dataKeys.set(nameOf(blob, queueArn(queue)), plaintext.slice());
        this.#keyArns.set(Buffer.from(blob).toString("hex"), this.keyArn);
        return ok({ plaintext, blob, keyArn: this.keyArn });
      },
      decryptDataKey: async ({ blob, queue }) => {
        this.decrypted++;
        const refused = use() ?? this.decryptRefusal;
        if (refused) return err(refused);
        const plaintext = this.#dataKeys.get(nameOf(blob, queueArn(queue)));
        if (!plaintext) throw new Error("a data key was changed, or is another queue's");
        return ok(plaintext.slice());
      },
    };
  }
}
