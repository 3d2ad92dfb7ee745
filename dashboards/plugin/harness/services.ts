import { DataSourceInstanceSettings, ScopedVars, dataFrameFromJSON } from '@grafana/data';
import * as runtime from '@grafana/runtime';
import { Observable, from, of } from 'rxjs';

// What Grafana's server and shell provide to plugins. HTTP goes to the harness server, behind which the real plugin
// runs; variables are replaced as Grafana does it, with the format function that the caller gives.

export const settings = {
  id: 1,
  uid: 'gw',
  name: 'Grantwatch',
  type: 'grantwatch-datasource',
  access: 'proxy',
  readOnly: false,
  jsonData: {},
  meta: { id: 'grantwatch-datasource', name: 'Grantwatch', type: 'datasource', info: {}, module: '', baseUrl: '' },
} as unknown as DataSourceInstanceSettings<never>;

export interface Sent {
  method: string;
  url: string;
  data?: any;
}

// sent are the requests so far, for tests to look at.
export const sent: Sent[] = [];

async function fetchJson(options: any) {
  const params = new URLSearchParams(Object.entries(options.params ?? {}).map(([k, v]) => [k, String(v)]));
  const url = options.url + (params.size > 0 ? (options.url.includes('?') ? '&' : '?') + params : '');
  const method = options.method ?? 'GET';
  sent.push({ method, url, data: options.data && JSON.parse(JSON.stringify(options.data)) });
  const answer = await fetch(url, { method, headers: { 'Content-Type': 'application/json' }, body: options.data ? JSON.stringify(options.data) : undefined });
  const text = await answer.text();
  let data: unknown;
  try {
    data = JSON.parse(text);
  } catch {
    data = { message: text };
  }
  if (!answer.ok) {
    throw { status: answer.status, statusText: answer.statusText, data, config: options };
  }
  return { data, status: answer.status, statusText: answer.statusText, ok: true, headers: answer.headers, redirected: false, type: 'basic', url, config: options };
}

export interface Variable {
  name: string;
  value: unknown;
}

// variables are those of the dashboard that the editors believe to be on.
export const variables: Variable[] = [];

export function replace(text = '', scoped?: ScopedVars, format?: string | ((value: unknown, variable: unknown) => string)): string {
  return text.replace(/\$(\w+)|\$\{(\w+)(?::\w+)?\}|\[\[(\w+)\]\]/g, (match, a, b, c) => {
    const name = a ?? b ?? c;
    const value = scoped?.[name]?.value ?? variables.find((v) => v.name === name)?.value;
    if (value === undefined) {
      return match;
    }
    if (value === '$__all') {
      return '$__all'; // a custom value for All is put in without asking the format
    }
    return typeof format === 'function' ? format(value, {}) : Array.isArray(value) ? `{${value.join(',')}}` : String(value);
  });
}

function live(options: any): Observable<any> {
  return new Observable((to) => {
    let rows = dataFrameFromJSON(options.frame);
    to.next({ data: [rows], state: 'Streaming' });
    const source = new EventSource(`/api/live?${new URLSearchParams({ path: options.addr.path })}`);
    source.onmessage = (e) => {
      rows = dataFrameFromJSON(JSON.parse(e.data));
      to.next({ data: [rows], state: 'Streaming' });
    };
    source.onerror = () => to.error(new Error('the stream ended'));
    return () => source.close();
  });
}

export function start() {
  const backend = {
    fetch: (options: any): Observable<any> => from(fetchJson(options)),
    get: (url: string, params?: object) => fetchJson({ url, params }).then((r) => r.data),
    post: (url: string, data?: object) => fetchJson({ method: 'POST', url, data }).then((r) => r.data),
    datasourceRequest: (options: any) => fetchJson(options),
  };
  runtime.setBackendSrv(backend as never);
  runtime.setTemplateSrv({
    getVariables: () => variables.map((v) => ({ name: v.name, type: 'query' })),
    replace,
    containsTemplate: (text?: string) => /\$|\[\[/.test(text ?? ''),
    updateTimeRange: () => undefined,
  } as never);
  runtime.setDataSourceSrv({ getInstanceSettings: () => settings, get: async () => undefined, getList: () => [settings], reload: async () => undefined } as never);
  runtime.setEchoSrv({ addEvent: () => undefined, flush: () => undefined, addBackend: () => undefined } as never);
  // Grafana Live speaks over a websocket; here it is server-sent events, behind which the plugin's own stream runs. What
  // Grafana keeps of a channel in one buffer, frame by frame, is handed on as it comes.
  runtime.setGrafanaLiveSrv({ getDataStream: live, getStream: () => of() } as never);
}
