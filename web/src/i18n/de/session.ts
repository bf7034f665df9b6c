export const session = {
  title: 'Anmelden',
  subtitle: 'bei Ihrer Modulverwaltung',
  email: 'E-Mail',
  password: 'Passwort',
  submit: 'Anmelden',
  wrong: 'E-Mail oder Passwort ist falsch.',
  ended: 'Ihre Sitzung ist beendet. Melden Sie sich an, um weiterzuarbeiten, wo Sie waren.',
  noAccount: 'Neu hier?',
  signup: 'Organisation anlegen',
  signupClosed: 'Konten vergibt der Betreiber: Fragen Sie dort danach.',
  signOut: 'Abmelden',
};
