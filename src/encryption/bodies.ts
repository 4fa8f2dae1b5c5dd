import type { QueueSettings } from "../queue/settings.ts";

/*
 * How a message's bytes are kept. The first byte names the form, so that messages of an older one stay
 * readable after encryption is turned on, and after its keys change:
 *
 *   0  plain: the bytes follow
 */
const PLAIN = 0;

/**
 * Closes a message's bytes for the shard. Every message goes through here, and back through `openBody`.
 *
 * @param _messageId binds the sealed bytes to their message, so that nobody can swap two in storage.
 * @returns bytes that own their whole buffer: they cross to another object, and a view would take all of the
 *   buffer that it looks into along.
 */
export function sealBody(
  _settings: QueueSettings,
  bytes: Uint8Array,
  _messageId: string,
): Promise<Uint8Array> | Uint8Array {
  const sealed = new Uint8Array(1 + bytes.length);
  sealed[0] = PLAIN;
  sealed.set(bytes, 1);
  return sealed;
}

/**
 * Opens what `sealBody` closed for the same queue and message.
 *
 * @returns a view into `sealed` where that is possible.
 * @throws for bytes that were not sealed by us: that is corruption, never the client's doing.
 */
export function openBody(
  _settings: QueueSettings,
  sealed: Uint8Array,
  _messageId: string,
): Promise<Uint8Array> | Uint8Array {
  if (sealed[0] !== PLAIN) throw new Error(`sealed message has unknown form ${sealed[0]}`);
  return sealed.subarray(1);
}
