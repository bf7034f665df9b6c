export const session = {
  title: 'Anmelden',
  subtitle: 'bei Ihrer Modulverwaltung',
  email: 'E-Mail',
  password: 'Passwort',
  submit: 'Anmelden',
  wrong: 'E-Mail oder Passwort ist falsch.',
  ended: 'Ihre Sitzung ist beendet. Melden Sie sich an, um weiterzuarbeiten, wo Sie waren.',
  againTitle: 'Erneut anmelden',
  againHint:
    'Ihre Sitzung ist beendet. Melden Sie sich an, um weiterzuarbeiten: Ihre Eingaben bleiben erhalten, und was Sie gerade speichern, wird gespeichert. Meldet sich jemand anderes an, wird es verworfen.',
  leave: 'Verlassen und Ungespeichertes verwerfen',
  noAccount: 'Neu hier?',
  signup: 'Organisation anlegen',
  signupClosed: 'Konten vergibt der Betreiber: Fragen Sie dort danach.',
  signOut: 'Abmelden',
};
