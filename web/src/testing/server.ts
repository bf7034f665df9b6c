import { http, HttpResponse } from 'msw';
import { setupServer } from 'msw/node';

/** Answers what a test says, knows nobody by name, has the signup open, and fails the test for any other request. */
export const server = setupServer(
  http.get('*/api/v1/organizations/signup', () => HttpResponse.json({ status: 'open' })),
  http.get('*/api/v1/users', () => HttpResponse.json({ items: [], next_cursor: null })),
);
