import React from 'react';

import { AnnotationQuery, QueryEditorProps } from '@grafana/data';

import { annotates } from '../catalogue';
import type { GrantwatchDataSource } from '../datasource';
import { GrantwatchOptions, GrantwatchQuery } from '../types';
import { NamedQuery } from './NamedQuery';

type Props = QueryEditorProps<GrantwatchDataSource, GrantwatchQuery, GrantwatchOptions> & {
  annotation?: AnnotationQuery<GrantwatchQuery>;
  onAnnotationChange?: (annotation: AnnotationQuery<GrantwatchQuery>) => void;
};

// AnnotationQueryEditor chooses what is marked on the panels of a dashboard.
export function AnnotationQueryEditor({ datasource, query, onChange, onRunQuery, annotation, onAnnotationChange }: Props) {
  const current: GrantwatchQuery = { ...(annotation?.target ?? query), refId: query?.refId || 'Anno' };
  const change = (next: GrantwatchQuery) => {
    if (annotation && onAnnotationChange) {
      onAnnotationChange({ ...annotation, target: next });
      return;
    }
    onChange(next);
    onRunQuery();
  };
  return <NamedQuery datasource={datasource} query={{ ...current, query: current.query ?? '', params: current.params ?? {} }} label="Marks" offered={annotates} onChange={change} />;
}
