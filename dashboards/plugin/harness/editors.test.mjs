// The editors in a real browser, with the real libraries of Grafana, the real plugin and a real store. Run by run.mjs.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { mkdir } from 'node:fs/promises';
import path from 'node:path';

import { browse, open, serve, violations } from './rig.mjs';

const pictures = process.env.PICTURES; // a folder; pictures are taken when it is given
let server, browser;

before(async () => {
  server = await serve();
  browser = await browse();
  if (pictures) {
    await mkdir(pictures, { recursive: true });
  }
});

after(async () => {
  await browser?.close();
  await server?.stop();
});

// show opens an editor, hands it to a test and checks afterwards that nothing went wrong on the page.
async function show(editor, options, body) {
  const page = await open(browser, server.url, editor, options);
  try {
    await body(page);
    assert.deepEqual(page.errors, []);
  } finally {
    await page.close();
  }
}

async function picture(page, name) {
  if (pictures) {
    await page.screenshot({ path: path.join(pictures, name), fullPage: true });
  }
}

const state = (page, name) => page.evaluate((n) => JSON.parse(JSON.stringify(window.state[n] ?? null)), name);
const frame = (page) => page.evaluate(() => window.state.answer?.data?.map((f) => ({ name: f.name, length: f.length, meta: f.meta && { type: f.meta.type, channel: f.meta.channel, notices: f.meta.notices }, fields: f.fields.map((x) => ({ name: x.name, type: x.type, unit: x.config?.unit, labels: x.labels, values: Array.from(x.values) })) })));
const answered = (page) => page.waitForFunction(() => window.state.runs > 0 && window.state.finished === window.state.runs);

async function choose(page, label, text) {
  const box = page.getByRole('combobox', { name: label, exact: true });
  await box.click();
  await box.fill(text);
  await page.getByRole('option', { name: text }).first().click();
}

test('a query is chosen by name, and runs at once', () =>
  show('query', {}, async (page) => {
    assert.equal(await state(page, 'runs'), 0);
    await page.getByRole('combobox', { name: 'Query' }).click();
    // Queries stand under headings, with their name and unit.
    for (const text of ['Findings by team and severity', 'findings_count, in short']) {
      await page.getByText(text, { exact: true }).first().waitFor();
    }
    await page.getByRole('combobox', { name: 'Query' }).fill('severity');
    await page.getByRole('option', { name: /Findings by team and severity/ }).click();
    await answered(page);
    const [f] = await frame(page);
    assert.equal(f.meta.type, 'numeric-long');
    assert.ok(f.length > 0);
    assert.deepEqual(f.fields.map((x) => x.name), ['team', 'severity', 'open', 'unverifiable', 'excepted']);
    await page.getByText(/UNVERIFIABLE is counted apart/).waitFor();
    assert.deepEqual(await violations(page), []);
  }));

test('parameters are asked for by type, and narrow the answer', () =>
  show('query', { given: { query: 'findings' }, title: 'Query editor', height: 720 }, async (page) => {
    await choose(page, 'severity', 'critical');
    await answered(page);
    assert.deepEqual((await state(page, 'query')).params, { severity: ['critical'] });
    const severities = (await frame(page))[0].fields.find((x) => x.name === 'severity').values;
    assert.deepEqual([...new Set(severities)], ['critical']);
    await page.keyboard.press('Escape');

    // A number is asked for when the field is left, and only if it is one.
    const limit = page.getByRole('textbox', { name: 'limit' });
    const before = await state(page, 'runs');
    await limit.fill('0');
    await limit.blur();
    assert.equal(await limit.getAttribute('aria-invalid'), 'true');
    assert.equal(await state(page, 'runs'), before);
    await limit.fill('7');
    await limit.press('Enter');
    await page.waitForFunction((n) => window.state.query.params.limit === 7 && window.state.runs > n, before);
    await answered(page);

    // What is taken away does not narrow any more.
    const asked = await state(page, 'runs');
    await page.getByRole('button', { name: 'Remove critical' }).click();
    await page.waitForFunction((n) => window.state.query.params.severity === undefined && window.state.runs > n, asked);
    await answered(page);
    assert.ok((await frame(page))[0].length > 1);
    assert.deepEqual(await violations(page), []);
  }));

test('a picture of the query editor', () =>
  show('query', { given: { query: 'findings', params: { team: ['$team'], severity: ['critical', 'high'], limit: 50 }, streaming: true }, variables: [{ name: 'team', value: ['payments'] }], title: 'Grantwatch query', height: 640 }, async (page) => {
    await page.getByRole('combobox', { name: 'Query' }).waitFor();
    await page.getByText(/gravest first/).waitFor();
    await picture(page, 'grafana-query-editor.png');
    assert.deepEqual(await violations(page), []);
  }));

// pick moves down a list until the wanted option is the active one, and takes it: with keys only.
async function pick(page, wanted) {
  await page.getByRole('option', { name: wanted }).first().waitFor();
  for (let i = 0; i < 6; i++) {
    const text = await page.evaluate(() => document.getElementById(document.activeElement.getAttribute('aria-activedescendant'))?.innerText ?? '');
    if (wanted.test(text)) {
      break;
    }
    await page.keyboard.press('ArrowDown');
  }
  await page.keyboard.press('Enter');
}

test('the whole editor works by keyboard alone', () =>
  show('query', {}, async (page) => {
    await page.keyboard.press('Tab');
    assert.equal(await page.evaluate(() => document.activeElement.getAttribute('aria-label') ?? document.activeElement.id), 'Query');
    await page.keyboard.type('Conservation');
    await pick(page, /Conservation/);
    await page.waitForFunction(() => window.state.query.query === 'pipeline_conservation');
    await answered(page);
    await page.keyboard.press('Tab');
    // On to the next field: its label may carry a button with its description.
    for (let i = 0; i < 5 && !(await page.evaluate(() => document.activeElement.id.endsWith('-team'))); i++) {
      await page.keyboard.press('Tab');
    }
    await page.keyboard.type('platform');
    await pick(page, /platform/);
    await page.waitForFunction(() => window.state.query.params.team?.[0] === 'platform');
    await answered(page);
    assert.deepEqual((await frame(page))[0].fields[0].values, ['platform']);
  }));

test('variables are offered, and replaced value by value', () =>
  show('query', { given: { query: 'findings_count' }, variables: [{ name: 'team', value: ['payments', "it's \\ odd"] }, { name: 'everything', value: '$__all' }] }, async (page) => {
    await page.getByRole('combobox', { name: 'team', exact: true }).click();
    await page.getByRole('option', { name: /\$team.*variable of this dashboard/ }).click();
    await answered(page);
    assert.deepEqual((await state(page, 'query')).params, { team: ['${team}'] });
    assert.deepEqual([...new Set((await frame(page))[0].fields[0].values)].sort(), ["it's \\ odd", 'payments']);
    const asked = (await state(page, 'sent')).filter((s) => s.url.startsWith('/api/ds/query')).at(-1);
    assert.deepEqual(asked.data.queries[0].params, { team: ['payments', "it's \\ odd"] });

    await page.evaluate(() => window.state.run({ ...window.state.query, params: { team: ['$everything'] } }));
    assert.equal(new Set((await frame(page))[0].fields[0].values).size, 3);
  }));

test('identities are completed while somebody types', () =>
  show('query', { given: { query: 'identity_credentials' } }, async (page) => {
    const box = page.getByRole('combobox', { name: 'identity', exact: true });
    await box.click();
    await box.fill('role/ba');
    await page.getByRole('option', { name: /role\/batch/ }).first().click();
    await answered(page);
    assert.match((await state(page, 'query')).params.identity, /role\/batch$|AROA1/);
    const urls = (await state(page, 'sent')).map((s) => s.url);
    assert.ok(urls.some((u) => u.includes('/resources/identities?prefix=role%2Fba')), urls.join('\n'));
  }));

test('a hostile name is text in the list, and nothing else', () =>
  show('query', { given: { query: 'identity_reach' } }, async (page) => {
    const box = page.getByRole('combobox', { name: 'identity', exact: true });
    await box.click();
    await box.fill('<b>');
    const option = page.getByRole('option', { name: /<b>o'dd/ }).first();
    await option.waitFor();
    assert.equal(await page.locator('[role=option] b').count(), 0);
  }));

test('a value that no list has can be typed', () =>
  show('query', { given: { query: 'findings' } }, async (page) => {
    const box = page.getByRole('combobox', { name: 'fingerprint', exact: true });
    await box.click();
    await box.fill('f2');
    await page.getByRole('option', { name: /f2/ }).first().click();
    await answered(page);
    assert.deepEqual((await state(page, 'query')).params.fingerprint, ['f2']);
    assert.equal((await frame(page))[0].length, 1);
  }));

test('one number of several is chosen by name', () =>
  show('query', { given: { query: 'findings_count' } }, async (page) => {
    const box = page.getByRole('combobox', { name: 'Number', exact: true });
    await box.click();
    await page.getByRole('option', { name: /^unverifiable/ }).click();
    await answered(page);
    assert.equal((await state(page, 'query')).column, 'unverifiable');
    assert.deepEqual((await frame(page))[0].fields.map((x) => x.name), ['team', 'severity', 'unverifiable']);
    // A query without that column does not keep it; one that has it does.
    await choose(page, 'Query', 'Findings by kind');
    await page.waitForFunction(() => window.state.query.query === 'findings_by_kind');
    assert.equal((await state(page, 'query')).column, 'unverifiable');
    await choose(page, 'Query', 'Lag');
    await page.waitForFunction(() => window.state.query.query === 'pipeline_lag');
    assert.equal((await state(page, 'query')).column, undefined);
    await answered(page);
    // A table is shown whole.
    await choose(page, 'Query', 'Governance');
    await page.waitForFunction(() => window.state.query.query === 'governance');
    assert.equal(await box.count(), 0);
    assert.deepEqual(await violations(page), []);
  }));

test('a column that is not there is said, and can be taken away', () =>
  show('query', { given: { query: 'findings_count', column: 'opne' } }, async (page) => {
    await page.getByText('The query has no such column of numbers').waitFor();
    await page.evaluate(() => window.state.run(window.state.query));
    assert.match(await page.evaluate(() => window.state.answer.errors?.[0]?.message ?? window.state.answer.error?.message), /no column of numbers named "opne"/);
    await page.getByRole('button', { name: 'Clear value' }).click();
    await page.waitForFunction(() => window.state.query.column === undefined);
    assert.equal(await page.getByText('The query has no such column of numbers').count(), 0);
  }));

test('live: a new finding follows in the same columns, and nothing does after the panel is closed', () =>
  show('query', { given: { query: 'findings', streaming: true } }, async (page) => {
    await page.evaluate(() => window.state.run(window.state.query));
    const [first] = await page.evaluate(() => window.state.streamed.map((s) => ({ state: s.state, names: s.data[0].fields.map((f) => f.name) })));
    assert.equal(first.state, 'Streaming');
    // The stream tells what changes after its first look: findings are written until one has come.
    const seen = () => page.evaluate(() => window.state.streamed.slice(1).flatMap((s) => Array.from(s.data[0].fields.find((f) => f.name === 'fingerprint').values)));
    for (let i = 1; (await seen()).length === 0 && i < 30; i++) {
      await page.evaluate((n) => fetch(`/harness/finding?fingerprint=live${n}`, { method: 'POST' }), i);
      await page.waitForFunction(() => window.state.streamed.length > 1, undefined, { timeout: 2500 }).catch(() => undefined);
    }
    const names = await page.evaluate(() => window.state.streamed.at(-1).data[0].fields.map((f) => f.name));
    assert.deepEqual(names, first.names);
    assert.match((await seen())[0], /^live/);
    const count = await page.evaluate(() => (window.state.stream.unsubscribe(), window.state.streamed.length));
    await page.evaluate(() => fetch('/harness/finding?fingerprint=late', { method: 'POST' }));
    await page.waitForFunction(async () => (await (await fetch('/harness/streams')).text()) === '0');
    assert.equal(await page.evaluate(() => window.state.streamed.length), count);
  }));

test('streaming is offered where it can be, and asks for a channel', () =>
  show('query', { given: { query: 'findings' } }, async (page) => {
    await page.getByRole('switch', { name: 'Live' }).check({ force: true });
    await answered(page);
    assert.equal((await state(page, 'query')).streaming, true);
    assert.match((await frame(page))[0].meta.channel, /^ds\/gw\//);
    await choose(page, 'Query', 'Governance');
    await answered(page);
    assert.equal(await page.getByRole('switch', { name: 'Live' }).count(), 0);
    assert.equal((await state(page, 'query')).streaming, undefined);
  }));

test('series can be had as rows', () =>
  show('query', { given: { query: 'coverage_days' } }, async (page) => {
    await page.getByRole('switch', { name: 'As rows' }).check({ force: true });
    await answered(page);
    assert.deepEqual((await frame(page))[0].fields.map((x) => x.name), ['time', 'team', 'feed', 'covered']);
    await page.getByRole('switch', { name: 'As rows' }).uncheck({ force: true });
    await page.waitForFunction(() => window.state.query.format === undefined);
    await answered(page);
    const [f] = await frame(page);
    assert.equal(f.meta.type, 'timeseries-wide');
    assert.ok(f.fields[1].labels.feed);
  }));

test('a query without a name is not sent', () =>
  show('query', {}, async (page) => {
    await page.evaluate(() => window.state.run({ refId: 'A', query: '', params: {} }));
    await page.evaluate(() => window.state.run({ refId: 'A' }));
    assert.deepEqual((await state(page, 'sent')).filter((s) => s.method === 'POST'), []);
    assert.equal(await page.evaluate(() => window.state.datasource.filterQuery({ refId: 'A', query: 'findings', hide: true })), false);
  }));

test('an unknown query and a failing server are said in words', () =>
  show('query', { given: { query: 'no_such_query' } }, async (page) => {
    await page.getByText('There is no query named no_such_query').waitFor();
    await page.evaluate(() => window.state.run({ refId: 'A', query: 'no_such_query', params: {} }));
    const message = await page.evaluate(() => window.state.answer.errors?.[0]?.message ?? window.state.answer.error?.message);
    assert.match(message, /no_such_query/);
  }));

test('a list that cannot be had is said, and can be asked for again', async () => {
  const page = await browser.newPage();
  let fail = true;
  await page.route('**/resources/queries', (route) => (fail ? route.fulfill({ status: 502, contentType: 'application/json', body: '{"message":"the store does not answer"}' }) : route.continue()));
  await page.goto(`${server.url}/page/?editor=query`);
  await page.getByText('the store does not answer').waitFor();
  assert.deepEqual(await violations(page), []);
  fail = false;
  await page.getByRole('button', { name: 'Try again' }).click();
  await choose(page, 'Query', 'Governance');
  await page.close();
});

test('a variable lists values', () =>
  show('variable', { given: { query: 'teams' }, title: 'Variable' }, async (page) => {
    await choose(page, 'Values', 'Feeds');
    await page.waitForFunction(() => window.state.query.query === 'feeds');
    assert.equal(await state(page, 'definition'), 'feeds');
    const values = await page.evaluate(() => window.state.datasource.metricFindQuery(window.state.query));
    assert.deepEqual(values.map((v) => v.value).sort(), ['odd', 'payments-aws', 'platform-k8s']);
    const support = await page.evaluate(async () => {
      const answer = await new Promise((resolve, reject) => window.state.datasource.variables.query({ targets: [{ refId: 'v', query: 'severities', params: {} }], scopedVars: {} }).subscribe({ next: resolve, error: reject }));
      return answer.data;
    });
    assert.equal(support[0].value, 'critical');
    assert.deepEqual(await page.evaluate(() => window.state.datasource.metricFindQuery('kinds')).then((v) => v.map((x) => x.text).includes('OUT_OF_BAND')), true);
    // Only queries that offer values are offered.
    await page.getByRole('combobox', { name: 'Values' }).click();
    assert.equal(await page.getByRole('option', { name: /Conservation/ }).count(), 0);
    await picture(page, 'grafana-variable-editor.png');
    await page.keyboard.press('Escape');
    assert.deepEqual(await violations(page), []);
  }));

test('an annotation marks findings or gaps, from fields that Grafana reads', () =>
  show('annotation', { title: 'Annotation' }, async (page) => {
    assert.equal((await state(page, 'annotation')).target.query, 'findings_opened');
    await choose(page, 'severity', 'critical');
    await page.waitForFunction(() => window.state.annotation.target.params.severity?.[0] === 'critical');
    await page.keyboard.press('Escape');
    await picture(page, 'grafana-annotation-editor.png');
    await choose(page, 'Marks', 'Gaps of feeds');
    await page.waitForFunction(() => window.state.annotation.target.query === 'feed_gaps');
    const prepared = await page.evaluate(() => window.state.datasource.annotations.prepareQuery(window.state.annotation));
    await page.evaluate((q) => window.state.run(q), prepared);
    const [f] = await frame(page);
    assert.deepEqual(f.fields.slice(0, 5).map((x) => `${x.name} ${x.type}`), ['time time', 'timeEnd time', 'title string', 'text string', 'tags string']);
    assert.ok(f.length > 0);
    assert.equal(await page.evaluate(() => window.state.datasource.annotations.prepareQuery({ name: 'x', target: { refId: 'A', query: '' } })), undefined);
    assert.deepEqual(await violations(page), []);
  }));

test('the configuration is kept without secrets, and says what is wrong', () =>
  show('config', { title: 'Grantwatch data source', height: 900 }, async (page) => {
    await page.locator('#grantwatch-server').fill('clickhouse://reader:hunter2@ch:9000/grantwatch');
    await page.getByText(/password does not belong into the address/).waitFor();
    await page.locator('#grantwatch-server').fill('clickhouse://ch:9000/grantwatch');
    await page.waitForFunction(() => !/does not belong/.test(document.body.innerText));
    await page.locator('#grantwatch-username').fill('grantwatch_reader');
    await page.locator('#grantwatch-password').fill('hunter2');
    assert.equal(await page.locator('#grantwatch-password').getAttribute('type'), 'password');
    const forward = page.locator('#grantwatch-forward');
    assert.equal(await page.getByRole('button', { name: 'Add a rule' }).isDisabled(), true);
    await forward.check({ force: true });
    await page.getByRole('button', { name: 'Add a rule' }).click();
    await page.getByRole('button', { name: 'Add a rule' }).click();
    await typed(page, 'scope-1-who', 'ana@corp.example');
    await typed(page, 'scope-1-teams', 'payments');
    await typed(page, 'scope-2-kind', 'Role');
    await typed(page, 'scope-2-who', 'Admin');
    await typed(page, 'scope-2-teams', '*');
    await page.locator('#grantwatch-tls-ca').check({ force: true });
    await page.locator('#grantwatch-tlsCACert').fill('-----BEGIN CERTIFICATE-----');
    const options = await state(page, 'options');
    assert.deepEqual(options.jsonData, {
      server: 'clickhouse://ch:9000/grantwatch',
      username: 'grantwatch_reader',
      forwardIdentity: true,
      scopes: [{ users: ['ana@corp.example'], teams: ['payments'] }, { roles: ['Admin'], teams: ['*'] }],
      tlsAuthWithCACert: true,
    });
    assert.deepEqual(options.secureJsonData, { password: 'hunter2', tlsCACert: '-----BEGIN CERTIFICATE-----' });
    assert.ok(!JSON.stringify(options.jsonData).includes('hunter2'));
    await picture(page, 'grafana-config-editor.png');
    assert.deepEqual(await violations(page), []);
    await page.getByRole('button', { name: 'Remove rule 1' }).click();
    assert.equal((await state(page, 'options')).jsonData.scopes.length, 1);
  }));

// typed chooses or makes a value in a field of the configuration.
async function typed(page, id, text) {
  const box = page.locator(`input[role=combobox]#grantwatch-${id}`);
  await box.click();
  await box.fill(text);
  await page.getByRole('option', { name: text }).first().click();
  await page.keyboard.press('Tab');
}

test('proof of who looks and times are asked for, with what the backend would refuse', () =>
  show('config', { given: { jsonData: { server: 'http://ch:8123' } }, height: 1500 }, async (page) => {
    assert.equal(await page.locator('#grantwatch-token').isDisabled(), true);
    await page.locator('#grantwatch-forward').check({ force: true });
    await page.locator('#grantwatch-token').check({ force: true });
    await page.getByText(/Without keys nobody can tell/).waitFor();
    await page.getByText(/one of them at least/).waitFor();
    await page.locator('#grantwatch-token-jwksUrl').fill('grafana/keys');
    await page.getByText('This is no https:// address.').waitFor();
    await page.locator('#grantwatch-token-jwksUrl').fill('https://grafana.corp.example/api/signing-keys/keys');
    await page.locator('#grantwatch-token-audience').fill('org:1');
    await page.waitForFunction(() => !/no https|at least|Without keys/.test(document.body.innerText));
    await page.locator('#grantwatch-token-header').click();
    await page.getByRole('option', { name: /^Authorization/ }).click();
    const timeout = page.locator('#grantwatch-query-timeout');
    for (const wrong of ['0', '301', '1.5', 'ten', '-3']) {
      await timeout.fill(wrong);
      assert.equal(await timeout.getAttribute('aria-invalid'), 'true', wrong);
    }
    assert.equal((await state(page, 'options')).jsonData.queryTimeoutSeconds, undefined);
    await timeout.fill('30');
    await page.locator('#grantwatch-poll').fill('2');
    assert.deepEqual((await state(page, 'options')).jsonData, {
      server: 'http://ch:8123',
      forwardIdentity: true,
      identityToken: { header: 'Authorization', jwksUrl: 'https://grafana.corp.example/api/signing-keys/keys', audience: 'org:1' },
      queryTimeoutSeconds: 30,
      pollSeconds: 2,
    });
    assert.deepEqual(await violations(page), []);
    await timeout.fill('');
    await page.locator('#grantwatch-token').uncheck({ force: true });
    const { jsonData } = await state(page, 'options');
    assert.equal(jsonData.queryTimeoutSeconds, undefined);
    assert.equal(jsonData.identityToken, undefined);
  }));

test('a secret that is kept is not shown, and can be replaced', () =>
  show('config', { given: { jsonData: { server: 'http://ch:8123' }, secureJsonFields: { password: true } } }, async (page) => {
    const field = page.locator('#grantwatch-password');
    assert.equal(await field.isDisabled(), true);
    assert.ok(!(await page.content()).includes('hunter2'));
    await page.getByRole('button', { name: /reset/i }).first().click();
    await page.locator('#grantwatch-password').fill('another');
    const options = await state(page, 'options');
    assert.equal(options.secureJsonFields.password, false);
    assert.equal(options.secureJsonData.password, 'another');
  }));

test('a provisioned data source is read-only', () =>
  show('config', { given: { readOnly: true, jsonData: { server: 'http://ch:8123', forwardIdentity: true, scopes: [{ users: ['a'], teams: ['b'] }] } } }, async (page) => {
    for (const box of await page.locator('input, textarea, button').all()) {
      assert.equal(await box.isDisabled(), true, await box.evaluate((e) => e.outerHTML));
    }
    await page.getByText(/provisioned from a file/).waitFor();
  }));

test('health is what the plugin says', () =>
  show('query', {}, async (page) => {
    const got = await page.evaluate(() => window.state.datasource.testDatasource());
    assert.equal(got.status, 'success');
    assert.match(got.message, /last evaluation 2026-09-01/);
  }));

test('both themes are readable', async () => {
  for (const theme of ['light', 'dark']) {
    for (const editor of ['query', 'variable', 'annotation', 'config']) {
      const given = editor === 'config' ? { jsonData: { server: 'x', forwardIdentity: true, tlsAuth: true, tlsAuthWithCACert: true, scopes: [{ users: ['a'], teams: ['b'] }] } } : editor === 'annotation' ? {} : { query: editor === 'query' ? 'findings' : 'identities' };
      await show(editor, { given, theme }, async (page) => {
        await page.locator('input').first().waitFor();
        assert.deepEqual(await violations(page), [], `${editor} in ${theme}`);
      });
    }
  }
});
