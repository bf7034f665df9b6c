import { MantineProvider } from '@mantine/core';
import { render, screen } from '@testing-library/react';
import { expect, test } from 'vitest';
import { parseExactly } from '@/api/exact-json.ts';
import { MessagesProvider } from '@/i18n/messages.tsx';
import { ConfigValues } from '@/ui/config-values.tsx';
import type { JsonObject } from '@/ui/json-values.ts';

test('a config is read as keys, values and kinds, inner ones with their path', () => {
  const value = parseExactly('{"unit":"km","on":false,"note":"","id":9007199254740993,"a":{"b":[1,null],"c":{}}}');
  const schema = { properties: { unit: { title: 'Distance unit' } } };
  render(
    <MantineProvider env="test">
      <MessagesProvider initial="en">
        <ConfigValues label="Defaults" value={value as JsonObject} schema={schema} />
      </MessagesProvider>
    </MantineProvider>,
  );
  const terms = screen.getAllByRole('term').map((one) => one.textContent);
  const values = screen.getAllByRole('definition').map((one) => one.textContent);
  expect(terms.map((term, place) => [term, values[place]])).toEqual([
    ['Distance unitunit', 'kmtext'],
    ['on', 'Noyes/no'],
    ['note', 'Empty texttext'],
    ['id', '9007199254740993number'],
    ['a.b', '[1,null]list'],
    ['a.c', '{}object'],
  ]);
});
