import { setupServer } from 'msw/node';

/** Answers what a test says, and fails the test for any other request. */
export const server = setupServer();
