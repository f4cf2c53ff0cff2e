/** What a function says of its data before it uses a log that lies elsewhere than they do. */
export interface LogClaim {
  /** The function, as a reader of topics. */
  readonly reader: string;
  readonly consumes: readonly string[];
  /** The topic that it alone writes; null where it writes none. */
  readonly publishes: string | null;
  /** Tells its data from those of any other store; a restored copy has the same. */
  readonly owner: string;
  /** Whether the data are new: nothing was read or published. */
  readonly isNew: boolean;
}

/** Two stores may not share topics or groups: each would handle a part of what the other one publishes. */
export interface LogClaims {
  /**
   * Looks whether the topics and the group of a function are those of its data. To be called before it subscribes.
   * @throws {ConfigError} when they are those of another store
   * @throws {AppError} `unavailable`
   */
  claim(claim: LogClaim): Promise<void>;
}
