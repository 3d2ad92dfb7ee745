// Builds dist: module.js as the AMD module that Grafana loads, with what Grafana itself provides left outside, and the
// files that belong beside it.
import { build } from 'esbuild';
import { cp, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';

const root = path.resolve(import.meta.dirname, '..');
const dist = path.join(root, 'dist');

// provided are the modules that Grafana hands to plugins. Anything else would be bundled; there is nothing else.
export const provided = ['@grafana/data', '@grafana/runtime', '@grafana/ui', 'react', 'rxjs'];

// bundle returns module.js. esbuild writes CommonJS; Grafana's loader takes AMD, so that the text is wrapped into a
// define call whose dependencies are found by name.
export async function bundle() {
  const result = await build({
    entryPoints: [path.join(root, 'src/module.ts')],
    bundle: true,
    write: false,
    format: 'cjs',
    platform: 'browser',
    target: 'es2022',
    jsx: 'transform',
    minify: true,
    legalComments: 'none',
    external: provided,
    metafile: true,
  });
  const foreign = Object.keys(result.metafile.inputs).filter((file) => file.includes('node_modules'));
  if (foreign.length > 0) {
    throw new Error(`bundled, though Grafana does not provide it: ${foreign.join(', ')}`);
  }
  const used = Object.values(result.metafile.outputs)[0].imports.map((i) => i.path);
  const names = [...new Set(used)].sort();
  const code = result.outputFiles[0].text.trim();
  return `define(${JSON.stringify(names)}, function () {
var provided = arguments, names = ${JSON.stringify(names)};
var module = { exports: {} }, exports = module.exports;
function require(name) { return provided[names.indexOf(name)]; }
${code}
return module.exports;
});
`;
}

async function main() {
  const version = process.env.VERSION?.replace(/^v/, '') || JSON.parse(await readFile(path.join(root, 'package.json'), 'utf8')).version;
  // The day is given where the same source must give the same bytes.
  const day = new Date((Number(process.env.SOURCE_DATE_EPOCH) || Math.floor(Date.now() / 1000)) * 1000).toISOString().slice(0, 10);
  await rm(dist, { recursive: true, force: true });
  await mkdir(dist, { recursive: true });
  await writeFile(path.join(dist, 'module.js'), await bundle());
  const meta = (await readFile(path.join(root, 'src/plugin.json'), 'utf8')).replaceAll('%VERSION%', version).replaceAll('%TODAY%', day);
  await writeFile(path.join(dist, 'plugin.json'), meta);
  await cp(path.join(root, 'src/img'), path.join(dist, 'img'), { recursive: true });
  for (const file of ['README.md', 'CHANGELOG.md']) {
    await cp(path.join(root, file), path.join(dist, file));
  }
  await cp(path.join(root, '../../LICENSE'), path.join(dist, 'LICENSE'));
}

if (process.argv[1] === import.meta.filename) {
  await main();
}
