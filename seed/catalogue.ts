/** The small catalogue that an empty store starts with. */
export const catalogue = [
  { productId: 'PRODUCT_001', name: 'Product 1', quantity: 10 },
  { productId: 'PRODUCT_002', name: 'Product 2', quantity: 15 },
] as const;
