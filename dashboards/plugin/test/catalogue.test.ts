import assert from 'node:assert/strict';
import { test } from 'node:test';

import { dsnProblem, groupOf, inputOf, numberOrVariable, pruned, sourceOf } from '../src/catalogue';
import { ParamSpec, QuerySpec } from '../src/types';

const param = (type: string, more: Partial<ParamSpec> = {}): ParamSpec => ({ name: 'p', type, ...more });

test('a parameter is asked for in the way of its type', () => {
  const cases: Array<[ParamSpec, string, string | undefined]> = [
    [param('team', { multi: true }), 'choices', 'teams'],
    [param('identity'), 'choice', 'identities'],
    [param('severity', { multi: true, options: ['high'] }), 'choices', 'severities'],
    [param('choice', { options: ['a'] }), 'choice', undefined],
    [param('choice', { options: ['a'], multi: true }), 'choices', undefined],
    [param('int'), 'number', undefined],
    [param('text'), 'text', undefined],
    [param('fingerprint'), 'text', undefined],
    [param('rule', { multi: true }), 'choices', undefined],
  ];
  for (const [spec, input, source] of cases) {
    assert.equal(inputOf(spec), input, JSON.stringify(spec));
    assert.equal(sourceOf(spec), source, JSON.stringify(spec));
  }
});

test('a number is whole and within bounds, or a variable', () => {
  const bounds = { min: 1, max: 500 };
  assert.equal(numberOrVariable(' 20 ', bounds), 20);
  for (const good of ['$n', '${n}', '${n:raw}', '[[n]]']) {
    assert.equal(numberOrVariable(good, bounds), good);
  }
  for (const bad of ['', '0', '501', '1.5', '1e9', 'x', '$', '$n $m', 'NaN', '-3', '0x']) {
    assert.equal(numberOrVariable(bad, bounds), undefined, bad);
  }
});

test('changing the query keeps the parameters that both have', () => {
  const spec = { name: 'q', title: '', description: '', shape: 'table', params: [param('team', { name: 'team' })] } as QuerySpec;
  assert.deepEqual(pruned({ team: ['a'], days: 3 }, spec), { team: ['a'] });
  assert.deepEqual(pruned(undefined, spec), {});
});

test('every query is under a heading', () => {
  const spec = (name: string, variable?: string) => ({ name, variable, title: '', description: '', shape: 'table', params: [] }) as QuerySpec;
  assert.equal(groupOf(spec('finding_history')), 'Findings');
  assert.equal(groupOf(spec('exceptions_expiring')), 'Findings');
  assert.equal(groupOf(spec('feeds', 'feed')), 'Log coverage');
  assert.equal(groupOf(spec('feed_gaps')), 'Log coverage');
  assert.equal(groupOf(spec('teams', 'value')), 'Values for variables');
  assert.equal(groupOf(spec('raw_logs')), 'Identities');
  assert.equal(groupOf(spec('dead_letters')), 'Pipeline');
  assert.equal(groupOf(spec('whatever')), 'Other');
});

test('the address of a server', () => {
  for (const good of ['clickhouse://ch:9000/grantwatch', 'http://127.0.0.1:8123', 'https://reader@ch.example:8443/gw?secure=true', 'clickhouse://[::1]:9000/x']) {
    assert.equal(dsnProblem(good), undefined, good);
  }
  const bad: Array<[string, RegExp]> = [
    ['', /missing/],
    ['ch:9000', /is not spoken|no address/],
    ['localhost', /no address/],
    ['mysql://ch/x', /is not spoken/],
    ['javascript:alert(1)', /is not spoken/],
    ['clickhouse:///x', /host is missing/],
    ['clickhouse://u:pw@ch:9000/x', /password does not belong/],
    ['https://ch:8443/x?password=pw', /password does not belong/],
  ];
  for (const [text, want] of bad) {
    assert.match(dsnProblem(text) ?? '', want, text);
  }
});
