/** A notice to a customer. Its `notificationId` never changes: a provider recognizes repeats by it. */
export interface OutgoingNotice {
  readonly notificationId: string;
  readonly customerId: string;
  readonly orderId: string;
  readonly text: string;
}

/**
 * A way to reach customers. `send` may be called again with a notice that was accepted: after a crash, or where its
 * answer came too late. Calls overlap, and each stands for itself.
 */
export interface NoticeChannel {
  /**
   * Resolves when the channel has accepted the notice. Rejects when it has not, for this notice alone:
   * with an {@link AppError} without `retryAfterS` where trying again cannot help (an unknown address), which is final;
   * with any other error where it can. With `retryAfterS` the next attempt is not made earlier.
   * `signal` aborts when the caller no longer waits for the answer.
   */
  send(notice: OutgoingNotice, signal: AbortSignal): Promise<void>;
}
