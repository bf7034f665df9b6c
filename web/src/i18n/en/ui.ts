export const ui = {
  field: 'Field',
  before: 'Before',
  after: 'After',
  noDifference: 'No difference.',
};
