import { CustomVariableSupport, DataQueryRequest, DataQueryResponse } from '@grafana/data';
import { Observable, from, map } from 'rxjs';

import { VariableQueryEditor } from './components/VariableQueryEditor';
import type { GrantwatchDataSource } from './datasource';
import { GrantwatchQuery } from './types';

// VariableSupport lists the values of a dashboard's variable by one of the named queries.
export class VariableSupport extends CustomVariableSupport<GrantwatchDataSource, GrantwatchQuery> {
  editor = VariableQueryEditor;

  constructor(private readonly datasource: GrantwatchDataSource) {
    super();
  }

  override getDefaultQuery(): Partial<GrantwatchQuery> {
    return { query: 'teams', params: {} };
  }

  override query(request: DataQueryRequest<GrantwatchQuery>): Observable<DataQueryResponse> {
    const target = request.targets[0] ?? { refId: 'variable', query: '', params: {} };
    return from(this.datasource.metricFindQuery(target, request)).pipe(map((data) => ({ data })));
  }
}
