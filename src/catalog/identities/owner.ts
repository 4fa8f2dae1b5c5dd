/** A user or role, as what belongs to it refers to it. */
export interface Owner {
  readonly kind: "user" | "role";
  readonly account: string;
  /** Spelled as its own row spells it. */
  readonly name: string;
  /**
   * `AIDA…`, `AROA…`. Every change names it: who was allowed to change one user changes nothing of another who was
   * given that name meanwhile.
   */
  readonly id: string;
}

/** One page of a list. */
export interface PageRequest {
  /** What the page before ended with; empty for the first one. */
  readonly after: string;
  readonly limit: number;
}

/** Beginning and end of a list by path: `/` is all of them. */
export interface PathPageRequest extends PageRequest {
  readonly pathPrefix: string;
}

/** The ARN of each of these unique ids whose user or role still exists. Indexes: users_by_id, roles_by_id. */
export function selectArns(db: D1Database, ids: readonly string[]): D1PreparedStatement {
  return db
    .prepare(
      `SELECT user_id AS id, 'arn:aws:iam::' || account || ':user' || path || user_name AS arn
       FROM users WHERE user_id IN (SELECT value FROM json_each(?1))
       UNION ALL
       SELECT role_id AS id, 'arn:aws:iam::' || account || ':role' || path || role_name AS arn
       FROM roles WHERE role_id IN (SELECT value FROM json_each(?1))`,
    )
    .bind(JSON.stringify(ids));
}

/** Whether a user or role of this id is there. Indexes: users_by_id, roles_by_id. */
export function selectOwner(db: D1Database, id: string): D1PreparedStatement {
  return db
    .prepare("SELECT 1 FROM users WHERE user_id = ?1 UNION ALL SELECT 1 FROM roles WHERE role_id = ?1")
    .bind(id);
}
