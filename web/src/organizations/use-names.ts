import { useIndustryNames, useModuleNames } from '@/ui/names.tsx';

/** The names of modules and templates by their codes; a code that is gone stands for itself. */
export function useNames(): (code: string) => string {
  const moduleOf = useModuleNames();
  const industryOf = useIndustryNames();
  return (code) => (moduleOf(code) === code ? industryOf(code) : moduleOf(code));
}
