import type { MessageCatalog } from '../shared/core/message-catalog.ts';
import { isAllowedOnTopic, publicTopics } from './choreography.ts';
import { messageKinds } from './messages.ts';

/** The messages of this store, as the runtime reads and writes them. */
export const catalog: MessageCatalog = {
  kinds: messageKinds,
  subjectFields: ['orderId', 'productId'],
  publicTopics: new Set(publicTopics),
  isAllowedOnTopic,
};
