/** What a customer is told. `notificationId` never changes for a notice: the key by which a provider tells repeats. */
export interface OutgoingNotice {
  readonly notificationId: string;
  readonly customerId: string;
  readonly orderId: string;
  readonly text: string;
}

/** A way to reach customers. It may be asked to send the same notice again after a crash. */
export interface NoticeChannel {
  /** Resolves when the channel has taken the notice over. Rejects when it cannot now: it is asked again later. */
  send(notice: OutgoingNotice): Promise<void>;
}
