import { CoreApp, DataFrame, DataQueryRequest, DataQueryResponse, DataSourceInstanceSettings, MetricFindValue, ScopedVars, TimeRange, getDefaultTimeRange } from '@grafana/data';
import { DataSourceWithBackend, getTemplateSrv } from '@grafana/runtime';
import { Observable, lastValueFrom } from 'rxjs';

import { annotationSupport } from './annotations';
import { interpolateParams } from './interpolate';
import { GrantwatchOptions, GrantwatchQuery, QuerySpec } from './types';
import { VariableSupport } from './variables';
import { valuesOf } from './values';

export class GrantwatchDataSource extends DataSourceWithBackend<GrantwatchQuery, GrantwatchOptions> {
  private list?: Promise<QuerySpec[]>;

  constructor(settings: DataSourceInstanceSettings<GrantwatchOptions>) {
    super(settings);
    this.annotations = annotationSupport();
    this.variables = new VariableSupport(this);
  }

  override getDefaultQuery(): Partial<GrantwatchQuery> {
    return { query: '', params: {} };
  }

  // filterQuery keeps a query without a name from being sent: a new panel asks nothing until something is chosen.
  override filterQuery(query: GrantwatchQuery): boolean {
    return !query.hide && typeof query.query === 'string' && query.query !== '';
  }

  // query filters once more, since not every version of Grafana asks filterQuery on every way to here.
  override query(request: DataQueryRequest<GrantwatchQuery>): Observable<DataQueryResponse> {
    return super.query({ ...request, targets: request.targets.filter((target) => this.filterQuery(target)) });
  }

  override applyTemplateVariables(query: GrantwatchQuery, scopedVars: ScopedVars): GrantwatchQuery {
    const templates = getTemplateSrv();
    return { ...query, params: interpolateParams(query.params, (text, format) => templates.replace(text, scopedVars, format)) };
  }

  override getQueryDisplayText(query: GrantwatchQuery): string {
    const params = Object.entries(query.params ?? {}).map(([name, value]) => `${name}=${Array.isArray(value) ? value.join(' ') : value}`);
    return [query.query, ...params].filter(Boolean).join(' ');
  }

  // catalogue is the backend's list of queries, asked for once. After a failure the next call asks again.
  catalogue(): Promise<QuerySpec[]> {
    this.list ??= this.getResource<QuerySpec[]>('queries').catch((err: unknown) => {
      this.list = undefined;
      throw err;
    });
    return this.list;
  }

  // options lists the values that a parameter can have. Identities are many, so they are asked for by their beginning.
  async options(source: string, typed: string): Promise<MetricFindValue[]> {
    if (source === 'identities') {
      const found = await this.getResource<Array<{ uid: string; name: string }>>('identities', { prefix: typed, limit: 50 });
      return found.map(({ uid, name }) => ({ text: name || uid, value: uid }));
    }
    const values = await this.getResource<string[]>(source);
    return values.map((value) => ({ text: value, value }));
  }

  override async metricFindQuery(query: GrantwatchQuery | string, options?: { scopedVars?: ScopedVars; range?: TimeRange }): Promise<MetricFindValue[]> {
    const target: GrantwatchQuery = typeof query === 'string' ? { refId: 'variable', query, params: {} } : { ...query, refId: query.refId || 'variable' };
    if (!this.filterQuery(target)) {
      return [];
    }
    const range = options?.range ?? getDefaultTimeRange();
    const answer = await lastValueFrom(
      this.query({
        requestId: `grantwatch-${target.refId}-${target.query}`,
        app: CoreApp.Unknown,
        interval: '1m',
        intervalMs: 60_000,
        startTime: Date.now(),
        timezone: 'browser',
        range,
        scopedVars: options?.scopedVars ?? {},
        targets: [{ ...target, datasource: this.getRef() }],
      })
    );
    const failed = answer.errors?.[0] ?? answer.error;
    if (failed) {
      throw new Error(failed.message ?? 'the query failed');
    }
    const spec = (await this.catalogue()).find((s) => s.name === target.query);
    return valuesOf(answer.data as DataFrame[], spec?.variable);
  }
}
