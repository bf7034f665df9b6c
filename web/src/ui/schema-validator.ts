import type { RJSFSchema, ValidatorType } from '@rjsf/utils';
import { plain } from '@/api/exact-json.ts';
import type { JsonObject } from '@/ui/json-values.ts';
import { validatorOf } from '@/ui/validation-errors.ts';
import type { Beside } from '@/ui/schema-inputs.tsx';

/**
 * What @rjsf asks: only which alternative a value is of. What is wrong is told by `validationErrors` alone.
 *
 * Stands in for @rjsf/validator-ajv8 too, which @rjsf/core imports for its tests and which compiles by `eval`.
 */
const validator: ValidatorType<JsonObject, RJSFSchema, Beside> = {
  validateFormData: () => ({ errors: [], errorSchema: {} }),
  rawValidation: () => ({ errors: [] }),
  isValid: (schema, value, root) => {
    const known = { $defs: root.$defs, ...schema };
    try {
      return validatorOf(known)?.validate(plain(value)).valid ?? false;
    } catch {
      return false;
    }
  },
};

export default validator;
