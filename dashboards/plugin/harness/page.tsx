import { createTheme, DataSourcePlugin, dateTime, EventBusSrv, LoadingState, ThemeContext } from '@grafana/data';
import * as grafanaData from '@grafana/data';
import { initPluginTranslations } from '@grafana/i18n';
import * as runtime from '@grafana/runtime';
import * as ui from '@grafana/ui';
import * as React from 'react';
import * as ReactDOM from 'react-dom';
import { createRoot } from 'react-dom/client';
import * as rxjs from 'rxjs';

import { openDashboard } from './board/board';
import { replace, sent, settings, start, variables } from './services';

// The page stands where Grafana's shell does: it loads the built module through an AMD define, with the real libraries
// that Grafana provides, and shows one editor of it, or a dashboard with what the data source says for each panel.

const provided: Record<string, unknown> = { '@grafana/data': grafanaData, '@grafana/runtime': runtime, '@grafana/ui': ui, react: React, 'react-dom': ReactDOM, rxjs };

async function load(): Promise<DataSourcePlugin<any, any, any, any>> {
  const code = await (await fetch('/dist/module.js')).text();
  return new Promise((resolve, reject) => {
    const define = (names: string[], factory: (...args: unknown[]) => { plugin: DataSourcePlugin<any> }) => {
      const missing = names.filter((n) => !(n in provided));
      if (missing.length > 0) {
        reject(new Error(`Grafana does not provide ${missing}`));
        return;
      }
      resolve(factory(...names.map((n) => provided[n])).plugin);
    };
    new Function('define', code)(define);
  });
}

const range = (() => {
  const from = dateTime('2026-08-18T00:00:00Z');
  const to = dateTime('2026-09-01T00:00:01Z');
  return { from, to, raw: { from, to } };
})();

class Boundary extends React.Component<{ children: React.ReactNode }, { error?: Error }> {
  override state: { error?: Error } = {};
  static getDerivedStateFromError(error: Error) {
    return { error };
  }
  override render() {
    return this.state.error ? <pre id="broken">{String(this.state.error.stack)}</pre> : this.props.children;
  }
}

// keep writes what an editor has handed back to where the tests read it.
function keep(name: string, value: any) {
  (window as any).state[name] = value;
}

// Kept holds what an editor hands back, as Grafana does, and shows the editor with it again.
function Kept({ initial, children, name }: { initial: any; name: string; children: (value: any, set: (v: any) => void) => React.ReactNode }) {
  const [value, setValue] = React.useState(initial);
  // Grafana has the new query before the editor asks to run it.
  const set = (v: any) => {
    keep(name, v);
    setValue(v);
  };
  React.useState(() => keep(name, initial)); // once, before anything is handed back
  return <>{children(value, set)}</>;
}

async function main() {
  start();
  await initPluginTranslations('grantwatch-datasource', []);
  const params = new URLSearchParams(location.search);
  const state: Record<string, any> = ((window as any).state = { sent, runs: 0 });
  const given = JSON.parse(params.get('given') ?? '{}');
  variables.push(...JSON.parse(params.get('variables') ?? '[]'));
  const plugin = await load();
  const datasource = new (plugin.DataSourceClass as any)({ ...settings, meta: { ...settings.meta } });
  state.datasource = datasource;
  const { QueryEditor, ConfigEditor } = plugin.components as any;

  // begin counts a run in the moment in which it is asked for, so that nobody who waits for its answer takes the one before.
  const begin = () => {
    state.answer = undefined;
    return ++state.runs;
  };
  // run asks the data source as a panel does, and keeps the answer unless a later run was asked for meanwhile.
  const run = async (query: any, turn = begin()) => {
    const request = { requestId: 'Q1', app: 'panel-editor', interval: '1d', intervalMs: 86_400_000, maxDataPoints: 1000, range, scopedVars: {}, startTime: 0, timezone: 'browser', targets: [{ ...query, datasource: datasource.getRef() }] };
    // A stream never completes: what it sends is kept one by one, and its first word is the answer.
    state.stream?.unsubscribe();
    const answer: any = await new Promise((resolve, reject) => {
      let last: any = { data: [] };
      state.stream = (datasource.query(request) as rxjs.Observable<any>).subscribe({
        next: (said) => {
          last = said;
          if (said.state === LoadingState.Streaming) {
            state.streamed = [...(state.streamed ?? []), said];
            resolve(said);
          }
        },
        error: reject,
        complete: () => resolve(last),
      });
    });
    if (turn === state.runs) {
      state.answer = answer;
      state.finished = turn;
    }
  };
  state.run = run;

  const editors: Record<string, () => React.ReactNode> = {
    query: () => (
      <Kept initial={{ refId: 'A', query: '', params: {}, ...given }} name="query">
        {(query, set) => <QueryEditor datasource={datasource} query={query} onChange={set} onRunQuery={() => {
          const turn = begin();
          setTimeout(() => run(state.query, turn));
        }} range={range} data={{ state: LoadingState.Done, series: [], timeRange: range }} />}
      </Kept>
    ),
    variable: () => {
      const Editor = datasource.variables.editor;
      return (
        <Kept initial={{ refId: 'variable', query: '', params: {}, ...given }} name="query">
          {(query, set) => <Editor datasource={datasource} query={query} onChange={(q: any, definition: string) => (set(q), (state.definition = definition))} onRunQuery={() => undefined} range={range} />}
        </Kept>
      );
    },
    annotation: () => {
      const Editor = datasource.annotations.QueryEditor;
      const prepared = datasource.annotations.prepareAnnotation({ name: 'Findings', enable: true, iconColor: 'red', ...given });
      return (
        <Kept initial={prepared} name="annotation">
          {(annotation, set) => <Editor datasource={datasource} query={annotation.target} annotation={annotation} onAnnotationChange={set} onChange={() => undefined} onRunQuery={() => undefined} />}
        </Kept>
      );
    },
    config: () => (
      <Kept initial={{ ...settings, jsonData: {}, secureJsonData: {}, secureJsonFields: {}, ...given }} name="options">
        {(options, set) => <ConfigEditor options={options} onOptionsChange={set} />}
      </Kept>
    ),
  };
  const mode = params.get('theme') === 'light' ? 'light' : 'dark';
  const theme = createTheme({ colors: { mode } });
  (grafanaData as any).setTheme?.(theme);
  document.body.style.background = theme.colors.background.primary;
  const board = params.get('dashboard');
  const Editor = board ? await openDashboard(board, datasource, theme, replace, params.get('now')!, given, params.get('from')) : editors[params.get('editor') ?? 'query']!;
  createRoot(document.getElementById('root')!).render(
    <Boundary>
      <ThemeContext.Provider value={theme}>
        <ui.GlobalStyles />
        <main style={{ padding: 16 }} aria-label={board ? 'Dashboard' : 'Editor'}>
          {!board && <h1 style={{ fontSize: 18 }}>{params.get('title') ?? 'Editor'}</h1>}
          <Editor />
        </main>
        <ui.PortalContainer />
      </ThemeContext.Provider>
    </Boundary>
  );
  state.events = new EventBusSrv();
  document.documentElement.dataset.ready = 'yes';
}

main().catch((err) => {
  document.body.textContent = String(err?.stack ?? err);
  document.documentElement.dataset.ready = 'broken';
});
