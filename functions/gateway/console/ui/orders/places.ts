/** Where the pages of orders and products are. */
export const orderHref = (orderId: string, message: string | null = null) =>
  `/console/orders/${encodeURIComponent(orderId)}${message === null ? '' : `?m=${encodeURIComponent(message)}`}`;
export const productHref = (productId: string) => `/console/stock/${encodeURIComponent(productId)}`;
