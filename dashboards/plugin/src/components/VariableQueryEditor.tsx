import React from 'react';

import { QueryEditorProps } from '@grafana/data';

import { lists } from '../catalogue';
import type { GrantwatchDataSource } from '../datasource';
import { GrantwatchOptions, GrantwatchQuery } from '../types';
import { NamedQuery } from './NamedQuery';

type Props = QueryEditorProps<GrantwatchDataSource, GrantwatchQuery, GrantwatchOptions>;

// VariableQueryEditor chooses the list that a dashboard's variable is filled from.
export function VariableQueryEditor({ datasource, query, onChange }: Props) {
  // Grafana hands over a plain text for a variable that was made by hand or by an older data source.
  const current: GrantwatchQuery = typeof query === 'string' ? { refId: 'variable', query, params: {} } : { ...query, refId: query?.refId || 'variable', query: query?.query ?? '', params: query?.params ?? {} };
  return (
    <NamedQuery
      datasource={datasource}
      query={current}
      label="Values"
      offered={lists}
      // The second argument is the text that Grafana shows in its list of variables.
      onChange={(next) => (onChange as (q: GrantwatchQuery, definition: string) => void)(next, datasource.getQueryDisplayText(next))}
    />
  );
}
