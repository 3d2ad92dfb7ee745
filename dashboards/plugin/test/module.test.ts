import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import vm from 'node:vm';

// What was built is loaded the way Grafana's loader does it, with nothing but what Grafana provides.
test('module.js is one AMD module that needs only what Grafana provides', () => {
  const code = readFileSync('dist/module.js', 'utf8');
  const calls: Array<{ names: string[]; factory: (...args: unknown[]) => { plugin: unknown } }> = [];
  vm.runInNewContext(code, { define: (names: string[], factory: never) => calls.push({ names: [...names], factory }) });
  assert.equal(calls.length, 1);
  const { names, factory } = calls[0]!;
  const provided = ['@grafana/data', '@grafana/runtime', '@grafana/ui', 'react', 'rxjs'];
  assert.deepEqual(names.filter((n) => !provided.includes(n)), []);
  class Base {}
  class DataSourcePlugin {
    set: string[] = [];
    setConfigEditor(component: unknown) {
      this.set.push(`config ${typeof component}`);
      return this;
    }
    setQueryEditor(component: unknown) {
      this.set.push(`query ${typeof component}`);
      return this;
    }
  }
  const fake: Record<string, object> = { '@grafana/data': { DataSourcePlugin, CustomVariableSupport: Base }, '@grafana/runtime': { DataSourceWithBackend: Base } };
  const got = factory(...names.map((n) => fake[n] ?? {})) as { plugin: DataSourcePlugin };
  assert.deepEqual([...got.plugin.set], ['config function', 'query function']);
});

test('plugin.json says what the plugin can, and its files are there', () => {
  const meta = JSON.parse(readFileSync('dist/plugin.json', 'utf8'));
  assert.equal(meta.id, 'grantwatch-datasource');
  assert.equal(meta.executable, 'gpx_grantwatch_datasource');
  for (const flag of ['backend', 'alerting', 'streaming', 'annotations', 'logs', 'metrics']) {
    assert.equal(meta[flag], true, flag);
  }
  assert.match(meta.info.version, /^\d+\.\d+\.\d+/);
  assert.match(meta.info.updated, /^\d{4}-\d\d-\d\d$/);
  for (const file of [meta.info.logos.small, meta.info.logos.large, ...meta.info.screenshots.map((s: { path: string }) => s.path)]) {
    assert.ok(readFileSync(`dist/${file}`).length > 0, file);
  }
  assert.equal(meta.dependencies.grafanaDependency, '>=11.6.0');
});
