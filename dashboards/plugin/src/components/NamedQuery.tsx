import React, { useMemo } from 'react';

import { Alert, Button, Combobox, ComboboxOption, InlineField, Stack, Text } from '@grafana/ui';

import { foldable, groupOf, numbersOf, pruned } from '../catalogue';
import type { GrantwatchDataSource } from '../datasource';
import { GrantwatchQuery, ParamValue, QuerySpec } from '../types';
import { ParamField } from './ParamField';
import { useCatalogue } from './useCatalogue';

interface Props {
  datasource: GrantwatchDataSource;
  query: GrantwatchQuery;
  // onChange is called with a query that is ready to run.
  onChange: (query: GrantwatchQuery, spec: QuerySpec | undefined) => void;
  // offered says which queries can be chosen; all of them unless given.
  offered?: (spec: QuerySpec) => boolean;
  label: string;
  children?: (spec: QuerySpec | undefined) => React.ReactNode;
}

export const LABEL = 18;
export const FIELD = 46;

// NamedQuery chooses one of the backend's queries and its parameters. All editors are made of it.
export function NamedQuery({ datasource, query, onChange, offered, label, children }: Props) {
  const { specs, error, retry } = useCatalogue(datasource);
  const options = useMemo(() => listed(specs ?? [], offered), [specs, offered]);
  const spec = specs?.find((s) => s.name === query.query);
  const id = `grantwatch-query-${query.refId || 'A'}`;

  const choose = (name: string) => {
    const next = specs?.find((s) => s.name === name);
    onChange({ ...query, query: name, params: pruned(query.params, next), column: next && numbersOf(next).some((c) => c.name === query.column) ? query.column : undefined, streaming: next?.streaming ? query.streaming : undefined, format: next && foldable(next) ? query.format : undefined }, next);
  };
  const set = (name: string, value: ParamValue | undefined) => {
    const params = { ...query.params };
    delete params[name];
    onChange({ ...query, params: value === undefined ? params : { ...params, [name]: value } }, spec);
  };

  return (
    <Stack direction="column" gap={0.5}>
      {error !== undefined && (
        <Alert severity="error" title="The list of queries could not be read">
          <Stack direction="column" gap={1} alignItems="flex-start">
            <span>{error}</span>
            <Button size="sm" variant="secondary" onClick={retry}>
              Try again
            </Button>
          </Stack>
        </Alert>
      )}
      <InlineField label={label} labelWidth={LABEL} htmlFor={id}>
        <Combobox
          id={id}
          width={FIELD}
          aria-label={label}
          placeholder="Choose what to show"
          loading={specs === undefined && error === undefined}
          options={options}
          value={query.query || null}
          onChange={(option: ComboboxOption<string>) => choose(option.value)}
        />
      </InlineField>
      {spec && (
        <Text element="p" variant="bodySmall" color="secondary">
          {spec.description}
          {spec.unit ? ` Unit: ${spec.unit}.` : ''}
        </Text>
      )}
      {specs && query.query !== '' && !spec && (
        <Alert severity="warning" title={`There is no query named ${query.query}`}>
          The server of this data source does not know it. Choose another, or update the plugin.
        </Alert>
      )}
      {spec?.params.map((param) => (
        <ParamField key={`${spec.name}-${param.name}`} id={`${id}-${param.name}`} datasource={datasource} param={param} value={query.params?.[param.name]} onChange={(value) => set(param.name, value)} />
      ))}
      {children?.(spec)}
    </Stack>
  );
}

// listed are the options of the chooser, group by group.
function listed(specs: QuerySpec[], offered?: (spec: QuerySpec) => boolean): Array<ComboboxOption<string>> {
  return specs
    .filter((s) => offered?.(s) ?? true)
    .map((s) => ({ value: s.name, label: s.title, description: s.unit ? `${s.name}, in ${s.unit}` : s.name, group: groupOf(s) }))
    .sort((a, b) => a.group.localeCompare(b.group) || a.label.localeCompare(b.label));
}
