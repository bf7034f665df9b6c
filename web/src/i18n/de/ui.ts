export const ui = {
  field: 'Feld',
  before: 'Vorher',
  after: 'Nachher',
  noDifference: 'Kein Unterschied.',
};
