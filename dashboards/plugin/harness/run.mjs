// Runs the tests of the editors and of the dashboards in a browser. What they need is built by make: dist, .build/page, .build/harness
// and .build/gpx_grantwatch_datasource.
import { spawnSync } from 'node:child_process';
import path from 'node:path';

const ran = spawnSync(process.execPath, ['--test', '--test-reporter=spec', '--test-timeout=900000', '--test-concurrency=1', ...(process.argv[2] ? [`--test-name-pattern=${process.argv[2]}`] : []), ...(process.env.BOARDS ? [] : [path.join(import.meta.dirname, 'editors.test.mjs')]), path.join(import.meta.dirname, 'boards.test.mjs')], { stdio: 'inherit' });
process.exit(ran.status ?? 1);
