/** The two sample orders as a client posts them, each with its `Idempotency-Key`. Amounts are in major units. */
export const sampleOrders = {
  1: {
    idempotencyKey: '72029ae3-9876-4d2f-a0ae-aaee86b8ec34',
    body: {
      orderId: 'ORDER_001',
      customerId: 'CUSTOMER_001',
      currency: 'EUR',
      items: [
        { productId: 'PRODUCT_001', quantity: 3, price: 10.0 },
        { productId: 'PRODUCT_002', quantity: 2, price: 5.0 },
      ],
      totalPrice: 40.0,
      totalQuantity: 5,
    },
  },
  2: {
    idempotencyKey: 'a14e37d9-4eb1-41dd-95ae-bad1db2f9e9f',
    body: {
      orderId: 'ORDER_002',
      customerId: 'CUSTOMER_001',
      currency: 'EUR',
      items: [{ productId: 'PRODUCT_001', quantity: 2, price: 10.0 }],
      totalPrice: 20.0,
      totalQuantity: 2,
    },
  },
} as const;

export type SampleOrderNumber = keyof typeof sampleOrders;
