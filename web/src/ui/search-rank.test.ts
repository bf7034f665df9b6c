import { expect, test } from 'vitest';
import { bestFirst, rank } from '@/ui/search-rank.ts';

const module = (code: string, name: string, about = '') => ({ code, name, about });
const searched = (one: ReturnType<typeof module>) => ({ names: [one.code, one.name], about: [one.about] });
const STOCK = [
  module('delivery_stock_picking_batch', 'Delivery Stock Picking Batch'),
  module('l10n_in_purchase_stock', 'L10n In Purchase Stock'),
  module('livestock', 'Livestock'),
  module('purchase_stock', 'Purchase Stock'),
  module('stock', 'Inventory'),
  module('stock_account', 'WMS Accounting'),
  module('warehouse', 'Warehouse', 'Stock/Storage'),
];

test('the exact code comes first, then what begins with it, then beginnings of words, then what is inside', () => {
  expect(bestFirst(STOCK, 'stock', searched).map((one) => one.code)).toEqual([
    'stock',
    'stock_account',
    'delivery_stock_picking_batch',
    'l10n_in_purchase_stock',
    'purchase_stock',
    'livestock',
    'warehouse',
  ]);
  expect(bestFirst(STOCK, ' Purchase_Stock ', searched)[0]?.code).toBe('purchase_stock');
});

test('nothing asked is everything, in its order', () => {
  expect(bestFirst(STOCK, '  ', searched)).toBe(STOCK);
});

test.each([
  ['ÄRZTE', 'Ärzte'],
  ['STRASSE', 'straße'],
  ['Cafe\u0301', 'Café'],
  ['huber', 'Meier–Huber'],
  ['zebra', '“Zebra” Ltd'],
])('%s finds %s', (query, name) => {
  expect(rank(query, { names: [name] })).not.toBeNull();
});

test('every word has to be there', () => {
  expect(rank('stock nothing', { names: ['Stock'], about: ['Storage'] })).toBeNull();
  expect(rank('stock storage', { names: ['Stock'], about: ['Storage'] })).toBe(4);
});
