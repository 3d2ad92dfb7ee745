import { AnnotationQuery, AnnotationSupport } from '@grafana/data';

import { AnnotationQueryEditor } from './components/AnnotationQueryEditor';
import { GrantwatchQuery } from './types';

const defaults: GrantwatchQuery = { refId: 'Anno', query: 'findings_opened', params: {} };

// annotationSupport lets findings and gaps be marked on any panel. Rows are read by Grafana itself, from the fields
// time, timeEnd, title, text, tags and id.
export function annotationSupport(): AnnotationSupport<GrantwatchQuery, AnnotationQuery<GrantwatchQuery>> {
  return {
    QueryEditor: AnnotationQueryEditor,
    getDefaultQuery: () => defaults,
    prepareAnnotation: (json: AnnotationQuery<GrantwatchQuery>) => ({ ...json, target: { ...defaults, ...json.target } }),
    prepareQuery: (annotation) => (annotation.target?.query ? { ...annotation.target, refId: annotation.target.refId || defaults.refId } : undefined),
  };
}
