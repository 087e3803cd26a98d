// Runs the test suites one after another, prints what failed and what was
// skipped and why, and ends with one line that counts them all:
//
//     N passed, N failed, N skipped
//
// Tests and subtests count alike. The exit status is 1 when anything failed,
// and, where CI=true, when anything was skipped.
//
//     node scripts/test.mjs                 all suites
//     node scripts/test.mjs go browser      only these

import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));

/** Starts a program in the repository and gives its exit status. */
function run(command, args, { cwd = root, env = {}, onLine } = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, {
      cwd,
      env: { ...process.env, ...env },
      stdio: ['ignore', onLine ? 'pipe' : 'inherit', 'inherit'],
    });
    const lines = onLine && createInterface({ input: child.stdout });
    lines?.on('line', onLine);
    child.on('error', reject);
    child.on('close', (code, signal) => resolve(signal ? 1 : code));
  });
}

const suites = {
  async web() {
    const report = join(scratch, 'web.json');
    const status = await run('npx', ['vitest', 'run', '--reporter=default', '--reporter=json', `--outputFile.json=${report}`], {
      cwd: join(root, 'web'),
    });
    const counts = readReport(report, (text) => {
      const result = JSON.parse(text);
      return {
        passed: result.numPassedTests,
        failed: result.numFailedTests,
        skipped: result.numPendingTests + result.numTodoTests,
      };
    });
    return { status, ...counts };
  },

  // The race detector needs cgo, which the program itself does not. It does not watch the inside of
  // SQLite, which is C made into Go: that would take three times as long, and find nothing of ours.
  async go() {
    const counts = { passed: 0, failed: 0, skipped: 0 };
    const output = new Map(); // of tests that have not ended yet, and of builds
    const keep = (key, text) => output.set(key, (output.get(key) ?? '') + text);
    const take = (key) => {
      const text = output.get(key) ?? '';
      output.delete(key);
      return text;
    };
    const failedPackages = new Set();

    const unwatched = ['sqlite/lib', 'libc', 'memory'].map((name) => `-gcflags=modernc.org/${name}=-race=false`)
    const status = await run('go', ['test', '-race', ...unwatched, '-json', '-timeout=20m', './...'], {
      env: { CGO_ENABLED: '1' },
      onLine(line) {
        let event;
        try {
          event = JSON.parse(line);
        } catch {
          console.log(line);
          return;
        }
        const { Action: action, Package: pkg, Test: test } = event;
        const key = test ? `${pkg} ${test}` : (pkg ?? event.ImportPath);
        if (action === 'output' && test) keep(key, event.Output);
        else if (action === 'build-output') keep(key, event.Output);
        else if (action === 'build-fail') process.stdout.write(take(key));
        else if (action === 'output') {
          // Without -json these lines are all that go test prints of a package.
          if (/^(ok|FAIL|panic:|---|\?)\s/.test(event.Output) || !/^(PASS|coverage:)/.test(event.Output)) process.stdout.write(event.Output);
        } else if (test && action === 'pass') {
          counts.passed++;
          take(key);
        } else if (test && action === 'fail') {
          counts.failed++;
          failedPackages.add(pkg);
          process.stdout.write(`${pkg}\n${take(key)}`);
        } else if (test && action === 'skip') {
          counts.skipped++;
          process.stdout.write(`${pkg}\n${take(key)}`);
        } else if (action === 'fail' && !failedPackages.has(pkg)) {
          counts.failed++; // it did not build, or ended outside any test
          for (const unfinished of [...output.keys()].filter((k) => k.startsWith(`${pkg} `))) process.stdout.write(take(unfinished));
        }
      },
    });
    return { status, ...counts };
  },

  // Node's test runner ends with one line for each count, "ℹ pass 3" or "# pass 3" according to its reporter.
  async browser() {
    const counted = {};
    const status = await run('npm', ['test', '--silent'], {
      cwd: join(root, 'e2e'),
      onLine(line) {
        console.log(line);
        const [, word, number] = line.match(/^(?:ℹ|#) (pass|fail|cancelled|skipped|todo) (\d+)$/) ?? [];
        if (word) counted[word] = Number(number);
      },
    });
    if (counted.pass === undefined) return { status, passed: 0, failed: 1, skipped: 0 };
    return {
      status,
      passed: counted.pass,
      failed: counted.fail + counted.cancelled,
      skipped: counted.skipped + counted.todo,
    };
  },
};

/** Reads a suite's report; a suite that ended without one counts as one failure. */
function readReport(path, parse) {
  try {
    return parse(readFileSync(path, 'utf8'));
  } catch (fault) {
    console.error(`no usable report: ${fault.message}`);
    return { passed: 0, failed: 1, skipped: 0 };
  }
}

const wanted = process.argv.length > 2 ? process.argv.slice(2) : Object.keys(suites);
const unknown = wanted.filter((name) => !(name in suites));
if (unknown.length > 0) {
  console.error(`no such suite: ${unknown.join(', ')}; there are ${Object.keys(suites).join(', ')}`);
  process.exit(2);
}

const scratch = mkdtempSync(join(tmpdir(), 'ampedfieldops-test-'));
const total = { passed: 0, failed: 0, skipped: 0 };
try {
  for (const name of wanted) {
    console.log(`\n== ${name}`);
    const started = Date.now();
    const result = await suites[name]();
    if (result.status !== 0 && result.failed === 0) {
      console.error(`the ${name} suite ended with status ${result.status}`);
      result.failed = 1;
    }
    for (const kind of Object.keys(total)) total[kind] += result[kind];
    console.log(`${name}: ${sum(result)} in ${Math.round((Date.now() - started) / 1000)} s`);
  }
} finally {
  rmSync(scratch, { recursive: true, force: true });
}

function sum({ passed, failed, skipped }) {
  return `${passed} passed, ${failed} failed, ${skipped} skipped`;
}

const mayNotSkip = process.env.CI === 'true';
if (mayNotSkip && total.skipped > 0) console.log('\nCI=true: a skipped test is a failed run');
console.log(`\n${sum(total)}`);
process.exitCode = total.failed > 0 || (mayNotSkip && total.skipped > 0) ? 1 : 0;
