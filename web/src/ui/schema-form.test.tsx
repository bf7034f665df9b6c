import { MantineProvider } from '@mantine/core';
import { render, screen, within } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { useState } from 'react';
import { beforeAll, expect, test } from 'vitest';
import { jsonText, parseExactly } from '@/api/exact-json.ts';
import { MessagesProvider } from '@/i18n/messages.tsx';
import { ConfigEditor } from '@/ui/config-editor.tsx';
import type { JsonObject } from '@/ui/json-values.ts';

// The heavy parts are loaded when they are looked at, which takes its time on a busy machine.
beforeAll(() => Promise.all([import('@/ui/schema-form.tsx'), import('@/ui/json-editor.tsx')]), 60_000);

/** An editor whose owner makes a new object of every value it hears, as some do. */
function edit(schema: JsonObject | null, initial: JsonObject, language: 'en' | 'de' = 'en') {
  const heard: JsonObject[] = [];
  const unread: (string | null)[] = [];
  function Owner() {
    const [value, setValue] = useState(initial);
    return (
      <ConfigEditor
        label="Config"
        schema={schema}
        value={value}
        onUnread={(why) => unread.push(why)}
        onChange={(next) => {
          heard.push(next);
          setValue({ ...next });
        }}
      />
    );
  }
  render(
    <MantineProvider env="test">
      <MessagesProvider initial={language}>
        <Owner />
      </MessagesProvider>
    </MantineProvider>,
  );
  return { user: userEvent.setup(), heard, now: () => jsonText(heard.at(-1)), unread: () => unread.at(-1) ?? null };
}

const of = (properties: JsonObject, required: readonly string[] = []): JsonObject => ({
  type: 'object',
  properties,
  required,
});

test('opening a form changes nothing, and saving stores only what somebody edited', async () => {
  const schema = of({ kind: { const: 'k' }, b: { type: 'integer' }, c: { type: 'string', default: 'C' } });
  const { user, heard } = edit(schema, { b: 1 });
  await user.type(await screen.findByLabelText(/^b/), '2');
  expect(heard).toEqual([{ b: 12 }]);
});

test('numbers that nobody touched stay as they are written', async () => {
  const value = parseExactly('{"a":9007199254740993,"p":1.10,"far":1e400,"b":1}') as JsonObject;
  const { user, now } = edit(null, value);
  await user.type(await screen.findByLabelText(/^b/), '2');
  expect(now()).toBe('{"a":9007199254740993,"p":1.10,"far":1e400,"b":12}');
  await user.type(screen.getByLabelText(/^a/), '7');
  expect(now()).toBe('{"a":90071992547409937,"p":1.10,"far":1e400,"b":12}');
});

test('a number is read as people write it, or marked; no character is dropped', async () => {
  const { user, now, heard, unread } = edit(of({ price: { type: 'number' } }), { price: 5 });
  const price = await screen.findByLabelText(/^price/);
  await user.clear(price);
  await user.paste('19,90');
  expect(now()).toBe('{"price":19.9}');
  expect(price).toHaveValue('19,90');
  const before = heard.length;
  await user.clear(price);
  await user.paste('1 000');
  expect(price).toHaveValue('1 000');
  expect(price).toBeInvalid();
  expect(screen.getByText('is no number')).toBeVisible();
  expect(unread()).toBe('The number at price cannot be read yet.');
  expect(screen.getByRole('radio', { name: 'JSON' })).toBeDisabled();
  expect(heard.slice(before)).toEqual([{}]);
  await user.clear(price);
  await user.paste('1e3');
  expect([now(), unread()]).toEqual(['{"price":1000}', null]);
});

test('in a language with a decimal comma a number is shown and read with one', async () => {
  const { user, now } = edit(of({ price: { type: 'number' } }), { price: 1.5 }, 'de');
  const price = await screen.findByLabelText(/^price/);
  await screen.findByRole('radio', { name: 'Formular' });
  expect(price).toHaveValue('1,5');
  await user.type(price, '25');
  expect(now()).toBe('{"price":1.525}');
  await user.clear(price);
  await user.type(price, '1.000');
  expect(price).toBeInvalid();
});

test('a number out of range is marked, and its range is said before', async () => {
  const { user, now } = edit(of({ wait: { type: 'integer', minimum: 1, maximum: 600, description: 'Seconds' } }), {});
  const wait = await screen.findByLabelText(/^wait/);
  expect(wait).toHaveAccessibleDescription('Seconds · 1 to 600');
  await user.type(wait, '5000');
  await user.tab();
  expect(wait).toHaveValue('5000');
  expect(now()).toBe('{"wait":5000}');
  expect(screen.getByText('has to be at most 600')).toBeVisible();
});

test('an emptied text is an empty text until it is left out', async () => {
  const { user, heard } = edit(of({ note: { type: 'string' } }), { note: 'Hi' });
  await user.clear(await screen.findByLabelText(/^note/));
  expect(heard.at(-1)).toEqual({ note: '' });
  await user.click(screen.getByRole('button', { name: 'Leave out: note' }));
  expect(heard.at(-1)).toEqual({});
});

test('not set is another thing than no, and shows what counts then', async () => {
  const { user, heard } = edit(of({ on: { type: 'boolean', default: true, description: 'Sends mail.' } }), {});
  const group = within(await screen.findByRole('radiogroup', { name: /^on/ }));
  expect(screen.getByText('Sends mail.')).toBeVisible();
  expect(group.getByRole('radio', { name: 'Not set (default: Yes)' })).toBeChecked();
  await user.click(group.getByRole('radio', { name: 'No' }));
  expect(heard.at(-1)).toEqual({ on: false });
  await user.click(group.getByRole('radio', { name: /Not set/ }));
  expect(heard.at(-1)).toEqual({});
});

test('choices and lists say what they are for', async () => {
  const unit = { enum: ['km', 'mi'], description: 'Distances are shown in it.' };
  const plan = {
    oneOf: [
      { const: 'a', title: 'Basic', description: 'For few.' },
      { const: 'b', title: 'Full' },
    ],
  };
  const tags = { type: 'array', items: { type: 'string' }, description: 'For the search.' };
  edit(of({ unit, plan, tags }), { plan: 'a' });
  expect(await screen.findByText('Distances are shown in it.')).toBeVisible();
  expect(screen.getAllByText('For few.').at(-1)).toBeVisible();
  expect(screen.getByText('For the search.')).toBeVisible();
});

test('a date is kept as it is typed', async () => {
  const { user, heard } = edit(of({ at: { type: 'string', format: 'date-time' } }), {
    at: '2026-01-02T03:04:05+02:00',
  });
  const at = await screen.findByLabelText(/^at/);
  expect(at).toHaveValue('2026-01-02T03:04:05+02:00');
  await user.type(at, '{Backspace}');
  expect(heard.at(-1)).toEqual({ at: '2026-01-02T03:04:05+02:0' });
});

test('a field that is emptied stays, also where no schema names it', async () => {
  const { user, heard } = edit(null, { limit: 5, name: 'x' });
  await user.clear(await screen.findByLabelText(/^limit/));
  expect(heard.at(-1)).toEqual({ name: 'x' });
  await user.type(screen.getByLabelText(/^limit/), '6');
  expect(heard.at(-1)).toEqual({ name: 'x', limit: 6 });
});
