import type { Tags } from "../queue/tags.ts";
import {
  type ConfirmationToken,
  confirmByToken,
  countSubscriptions,
  deleteSubscriptionRow,
  deleteSubscriptionsOf,
  insertSubscription,
  renewToken,
  type Subscription,
  type SubscriptionCounts,
  type SubscriptionId,
  type SubscriptionRow,
  selectByEndpoint,
  selectConfirmed,
  selectPageOfOwner,
  selectPageOfTopic,
  selectSubscription,
  subscriptionOf,
  updateSubscriptionAttribute,
} from "./subscription-rows.ts";
import {
  type AttributeSetting,
  deleteTopicRow,
  insertTopic,
  mergeTopicTags,
  type PolicySetting,
  removeTopicTags,
  replacePolicy,
  selectTopic,
  selectTopicNames,
  type Topic,
  type TopicId,
  type TopicRow,
  takeSequenceNumbers,
  topicOf,
  updatePolicy,
  updateTopicAttribute,
} from "./topic-rows.ts";

/** What became of a wish to subscribe. */
export type Subscribing =
  | { readonly kind: "created"; readonly subscription: Subscription }
  /** The queue is subscribed; this is its subscription. */
  | { readonly kind: "exists"; readonly subscription: Subscription }
  /** The topic is gone, or full. */
  | { readonly kind: "refused"; readonly counts: SubscriptionCounts | undefined };

/**
 * The truth about topics and their subscriptions: D1, asked each time. Nothing is remembered, so that a queue gets
 * what is published after it has subscribed, whichever isolate it is published through.
 */
export class Topics {
  readonly #db: D1Database;

  constructor(db: D1Database) {
    this.#db = db;
  }

  async read(id: TopicId): Promise<Topic | undefined> {
    const row = await selectTopic(this.#db, id).first<TopicRow>();
    return row === null ? undefined : topicOf(row);
  }

  /** The topic, and everybody who is to get what is published to it, as they are at one instant. */
  async readWithSubscriptions(
    id: TopicId,
  ): Promise<{ readonly topic: Topic; readonly subscriptions: readonly Subscription[] } | undefined> {
    const [topics, subscriptions] = await this.#db.batch([
      selectTopic(this.#db, id),
      selectConfirmed(this.#db, id),
    ]);
    const [topic] = (topics?.results ?? []) as TopicRow[];
    const rows = (subscriptions?.results ?? []) as SubscriptionRow[];
    return topic && { topic: topicOf(topic), subscriptions: rows.map(subscriptionOf) };
  }

  async readWithCounts(
    id: TopicId,
  ): Promise<{ readonly topic: Topic; readonly counts: SubscriptionCounts } | undefined> {
    const [topics, counts] = await this.#db.batch([
      selectTopic(this.#db, id),
      countSubscriptions(this.#db, id),
    ]);
    const [topic] = (topics?.results ?? []) as TopicRow[];
    const [counted] = (counts?.results ?? []) as SubscriptionCounts[];
    return topic && counted && { topic: topicOf(topic), counts: counted };
  }

  /** Of several at once exactly one creates it. @returns the topic as it is, whoever created it */
  async create(
    topic: Topic,
    nowSeconds: number,
  ): Promise<{ readonly created: boolean; readonly topic: Topic }> {
    const [inserted, found] = await this.#db.batch([
      insertTopic(this.#db, topic, nowSeconds),
      selectTopic(this.#db, topic),
    ]);
    const [row] = (found?.results ?? []) as TopicRow[];
    if (row === undefined) throw new Error(`topic ${topic.account}/${topic.name} was not stored`);
    return { created: inserted?.results.length === 1, topic: topicOf(row) };
  }

  /** With all its subscriptions. Nothing happens if there is none. */
  async delete(id: TopicId): Promise<void> {
    await this.#db.batch([deleteSubscriptionsOf(this.#db, id), deleteTopicRow(this.#db, id)]);
  }

  async listNames(
    owner: Pick<TopicId, "account" | "region">,
    page: { readonly afterName: string; readonly limit: number },
  ): Promise<readonly string[]> {
    const { results } = await selectTopicNames(this.#db, owner, page).all<{ name: string }>();
    return results.map(({ name }) => name);
  }

  /** @returns false if there is no such topic */
  async setAttribute(id: TopicId, setting: AttributeSetting): Promise<boolean> {
    return (await updateTopicAttribute(this.#db, id, setting).first()) !== null;
  }

  /** @returns false if there is no such topic */
  async setPolicy(id: TopicId, setting: PolicySetting): Promise<boolean> {
    return (await updatePolicy(this.#db, id, setting).first()) !== null;
  }

  /** @returns false if the policy is not the one before any more, or the topic is gone */
  async replacePolicy(
    id: TopicId,
    change: { readonly before: string | undefined; readonly after: string },
  ): Promise<boolean> {
    return (await replacePolicy(this.#db, id, change).first()) !== null;
  }

  /** With `tooMany` nothing was changed. */
  async mergeTags(id: TopicId, tags: Tags): Promise<"merged" | "tooMany" | "noTopic"> {
    const [merged, found] = await this.#db.batch([
      mergeTopicTags(this.#db, id, tags),
      selectTopic(this.#db, id),
    ]);
    if (merged?.results.length === 1) return "merged";
    return found?.results.length === 1 ? "tooMany" : "noTopic";
  }

  /** @returns false if there is no such topic */
  async removeTags(id: TopicId, keys: readonly string[]): Promise<boolean> {
    return (await removeTopicTags(this.#db, id, keys).first()) !== null;
  }

  /** Numbers that the topic has not given yet, each greater than all before. @returns undefined if it is gone */
  async takeNumbers(id: TopicId, count: number): Promise<readonly number[] | undefined> {
    const row = await takeSequenceNumbers(this.#db, id, count).first<{ sequence: number }>();
    return row === null
      ? undefined
      : Array.from({ length: count }, (_, index) => row.sequence - count + 1 + index);
  }

  async subscribe(
    subscription: Subscription,
    token: ConfirmationToken | undefined,
    nowSeconds: number,
  ): Promise<Subscribing> {
    const { topic, endpoint } = subscription;
    const [inserted, found, topics, counts] = await this.#db.batch([
      insertSubscription(this.#db, subscription, token, nowSeconds),
      selectByEndpoint(this.#db, topic, endpoint),
      selectTopic(this.#db, topic),
      countSubscriptions(this.#db, topic),
    ]);
    if (inserted?.results.length === 1) return { kind: "created", subscription };
    const [row] = (found?.results ?? []) as SubscriptionRow[];
    if (row !== undefined) return { kind: "exists", subscription: subscriptionOf(row) };
    const [counted] = (counts?.results ?? []) as SubscriptionCounts[];
    return { kind: "refused", counts: topics?.results.length === 1 ? counted : undefined };
  }

  async readByEndpoint(topic: TopicId, endpoint: string): Promise<Subscription | undefined> {
    const row = await selectByEndpoint(this.#db, topic, endpoint).first<SubscriptionRow>();
    return row === null ? undefined : subscriptionOf(row);
  }

  async readSubscription(id: SubscriptionId): Promise<Subscription | undefined> {
    const row = await selectSubscription(this.#db, id).first<SubscriptionRow>();
    return row === null ? undefined : subscriptionOf(row);
  }

  async renewToken(id: SubscriptionId, token: ConfirmationToken): Promise<void> {
    await renewToken(this.#db, id, token).run();
  }

  /** @returns the id of the subscription that the token is for; undefined if it is for none, or too old */
  async confirm(
    topic: TopicId,
    token: { readonly hash: string; readonly nowMs: number },
  ): Promise<string | undefined> {
    const row = await confirmByToken(this.#db, topic, token).first<{ subscription_id: string }>();
    return row?.subscription_id;
  }

  async unsubscribe(id: SubscriptionId): Promise<void> {
    await deleteSubscriptionRow(this.#db, id).run();
  }

  /** With `tooManyFilters` nothing was changed. */
  async setSubscriptionAttribute(
    id: SubscriptionId,
    setting: AttributeSetting,
  ): Promise<"set" | "tooManyFilters" | "noSubscription"> {
    const [updated, found] = await this.#db.batch([
      updateSubscriptionAttribute(this.#db, id, setting),
      selectSubscription(this.#db, id),
    ]);
    if (updated?.results.length === 1) return "set";
    return found?.results.length === 1 ? "tooManyFilters" : "noSubscription";
  }

  async listSubscriptionsOfTopic(
    topic: TopicId,
    page: { readonly afterId: string; readonly limit: number },
  ): Promise<readonly Subscription[]> {
    const { results } = await selectPageOfTopic(this.#db, topic, page).all<SubscriptionRow>();
    return results.map(subscriptionOf);
  }

  async listSubscriptionsOfOwner(
    owner: { readonly owner: string; readonly region: string },
    page: { readonly after: SubscriptionId | undefined; readonly limit: number },
  ): Promise<readonly Subscription[]> {
    const { results } = await selectPageOfOwner(this.#db, owner, page).all<SubscriptionRow>();
    return results.map(subscriptionOf);
  }
}
