import { MantineProvider } from '@mantine/core';
import { render, screen } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { useState } from 'react';
import { beforeAll, expect, test } from 'vitest';
import { en } from '@/i18n/en.ts';
import { MessagesProvider } from '@/i18n/messages.tsx';
import { ConfigEditor } from '@/ui/config-editor.tsx';
import type { JsonObject } from '@/ui/json-values.ts';
import { validationErrors } from '@/ui/validation-errors.ts';

const SCHEMA: JsonObject = {
  $schema: 'https://json-schema.org/draft/2020-12/schema',
  type: 'object',
  required: ['currency', 'owner'],
  additionalProperties: false,
  properties: {
    currency: { title: 'Currency', type: 'string', pattern: '^[A-Z]{3}$' },
    owner: { title: 'Owner', type: 'string', format: 'email' },
    invoice: { $ref: '#/$defs/invoice' },
    pay: { oneOf: [{ type: 'string' }, { type: 'integer', minimum: 1 }] },
  },
  $defs: { invoice: { title: 'Invoices', properties: { days: { title: 'Days', type: 'integer', maximum: 90 } } } },
};

// The heavy parts are loaded when they are looked at, which takes its time on a busy machine.
beforeAll(() => Promise.all([import('@/ui/schema-form.tsx'), import('@/ui/json-editor.tsx')]), 60_000);

function Edited({ initial, onValue }: { initial: JsonObject; onValue: (value: JsonObject) => void }) {
  const [value, setValue] = useState(initial);
  return (
    <MantineProvider env="test">
      <MessagesProvider initial="en">
        <ConfigEditor
          label="Config"
          schema={SCHEMA}
          value={value}
          errors={[{ pointer: '/owner', message: 'is nobody we know' }]}
          origins={{
            '/currency': { label: 'from the module', onReset: () => setValue({ ...value, currency: 'USD' }) },
          }}
          onChange={(next) => {
            setValue(next);
            onValue(next);
          }}
        />
      </MessagesProvider>
    </MantineProvider>
  );
}

test('a form edits the value, says at its field what does not fit, and lets a key be reset', async () => {
  let value: JsonObject = {};
  render(<Edited initial={{ currency: 'EUR', owner: 'a@b.example', extra: 1 }} onValue={(next) => (value = next)} />);
  const user = userEvent.setup();
  const currency = await screen.findByRole('textbox', { name: /Currency/ });
  expect(screen.getByText('is nobody we know')).toBeVisible();
  expect(screen.getByText('is not known to the schema')).toBeVisible();
  await user.clear(currency);
  await user.type(currency, 'Euro');
  expect(value).toEqual({ currency: 'Euro', owner: 'a@b.example', extra: 1 });
  expect(await screen.findByText('has to match ^[A-Z]{3}$')).toBeVisible();
  await user.click(screen.getByRole('button', { name: 'Use default: Currency' }));
  expect(screen.getByRole('textbox', { name: /Currency/ })).toHaveValue('USD');
});

test('the JSON says the same value as the form', async () => {
  render(<Edited initial={{ currency: 'EUR', owner: 'a@b.example' }} onValue={() => undefined} />);
  const user = userEvent.setup();
  await user.type(await screen.findByRole('textbox', { name: /Currency/ }), 'X');
  await user.click(screen.getByRole('radio', { name: 'JSON' }));
  expect(await screen.findByRole('textbox', { name: 'Config' })).toHaveTextContent('"EURX"');
});

test('validationErrors are told once, at the value, through references and alternatives', () => {
  const wrong = { currency: 5, invoice: { days: 100 }, pay: 0, other: true };
  expect(validationErrors(SCHEMA, wrong, en).map((one) => [one.pointer, one.message])).toEqual([
    ['/owner', 'is required'],
    ['/currency', 'has to be of type string'],
    ['/invoice/days', 'has to be at most 90'],
    ['/pay', 'has to fit exactly one of the alternatives'],
    ['/other', 'is not known to the schema'],
  ]);
  expect(validationErrors(SCHEMA, {}, en, true)).toEqual([]);
});
