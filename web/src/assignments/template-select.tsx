import { Select } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { getIndustriesOptions } from '@modplane/client/react-query';
import { useMessages } from '@/i18n/messages.tsx';

const CHOICES = 60;

/** One of the templates; those that cannot be applied are shown and cannot be chosen. */
export function TemplateSelect({
  value,
  onChange,
  needsApplicable,
}: {
  value: string | null;
  onChange: (code: string | null) => void;
  needsApplicable: boolean;
}) {
  const m = useMessages();
  const industries = useQuery({ ...getIndustriesOptions(), staleTime: 60_000 });
  return (
    <Select
      label={m.assignments.templateLabel}
      placeholder={m.assignments.chooseTemplate}
      data={(industries.data?.items ?? []).map((one) => ({
        value: one.industry_code,
        label:
          needsApplicable && !one.applicable
            ? m.assignments.notApplicable(one.industry_name)
            : m.assignments.template(one.industry_name, one.version),
        disabled: needsApplicable && !one.applicable,
      }))}
      value={value}
      onChange={onChange}
      searchable
      limit={CHOICES}
      nothingFoundMessage={m.common.noMatch}
      data-autofocus
    />
  );
}
