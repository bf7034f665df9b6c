import type { GetOrganizationsData, OrganizationFilter } from '@modplane/client';

/** What the address of the tenants page says of which to show, and in which order. */
export interface Shown {
  readonly q?: string | undefined;
  readonly industry?: string | undefined;
  readonly version?: string | undefined;
  readonly status?: 'active' | 'suspended' | undefined;
  readonly module?: string | undefined;
  readonly sort?: 'name' | 'created' | undefined;
  readonly desc?: boolean | undefined;
}

/** The filter as the API has it. A version is one of the industry's template, so without an industry it says nothing. */
export function filterOf({ q, industry, version, status, module }: Shown): OrganizationFilter {
  const number = version === undefined ? Number.NaN : Number(version);
  const hasVersion = industry !== undefined && Number.isInteger(number) && number > 0;
  return {
    ...(q ? { q } : {}),
    ...(status ? { status } : {}),
    ...(industry ? { industry_code: industry } : {}),
    ...(module ? { module_id: module } : {}),
    ...(hasVersion ? { template_code: industry, template_version: number } : {}),
  };
}

type Query = NonNullable<GetOrganizationsData['query']>;

export function queryOf(shown: Shown): Query {
  const { q, status, industry_code, module_id, template_code, template_version } = filterOf(shown);
  const column = shown.sort === 'created' ? 'created_at' : 'name';
  return {
    ...(q ? { q } : {}),
    ...(status ? { status } : {}),
    ...(industry_code ? { industry_code } : {}),
    ...(module_id ? { module_id } : {}),
    ...(template_code ? { template_code } : {}),
    ...(typeof template_version === 'number' ? { template_version } : {}),
    ...(template_version != null && typeof template_version === 'object'
      ? { template_older_than: template_version.older_than }
      : {}),
    sort: shown.desc ? `-${column}` : column,
  };
}

export const isFiltered = (shown: Shown): boolean => Object.keys(filterOf(shown)).length > 0;
