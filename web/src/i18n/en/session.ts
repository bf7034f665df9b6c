export const session = {
  title: 'Sign in',
  subtitle: 'to your module control plane',
  email: 'E-mail',
  password: 'Password',
  submit: 'Sign in',
  wrong: 'E-mail or password is wrong.',
  ended: 'Your session has ended. Sign in to go on where you were.',
  againTitle: 'Sign in again',
  againHint:
    'Your session has ended. Sign in to go on: what you typed is kept, and what you were saving is saved. If somebody else signs in, it is discarded.',
  leave: 'Leave, and discard what is not saved',
  noAccount: 'New here?',
  signup: 'Create an organization',
  signupClosed: 'Accounts are given out by the operator: ask there for one.',
  signOut: 'Sign out',
};
