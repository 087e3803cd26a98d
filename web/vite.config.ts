import { createHash } from 'node:crypto'
import { readFileSync, rmSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import tailwindcss from '@tailwindcss/vite'
import react from '@vitejs/plugin-react'
import type { Plugin } from 'vite'
import { defineConfig } from 'vitest/config'

const at = (path: string) => fileURLToPath(new URL(path, import.meta.url))

/**
 * Writes sw.js: the service worker of src/sw.js with the list of files of this build in it. The
 * worker keeps exactly these files on the device, so that a field tech without signal can open
 * the app, and replaces them as one when the list changes.
 */
function serviceWorker(): Plugin {
  return {
    name: 'service-worker',
    apply: 'build',
    generateBundle(_options, bundle) {
      const files = Object.keys(bundle)
        .filter((name) => name.startsWith('assets/') && !name.endsWith('.map'))
        .sort()
      const index = bundle['index.html']
      const version = createHash('sha256')
        .update(files.join('\n'))
        .update(index?.type === 'asset' ? index.source : '')
        .digest('hex')
        .slice(0, 12)
      this.emitFile({
        type: 'asset',
        fileName: 'sw.js',
        source: readFileSync(at('src/sw.js'), 'utf8')
          .replace("'__VERSION__'", JSON.stringify(version))
          .replace("['__FILES__']", JSON.stringify(files.map((name) => `/${name}`))),
      })
    },
  }
}

/** Removes what an earlier build left, but not the placeholder page that is under version control. */
function cleanAssets(): Plugin {
  return {
    name: 'clean-assets',
    apply: 'build',
    buildStart() {
      rmSync(at('dist/assets'), { recursive: true, force: true })
    },
  }
}

export default defineConfig({
  plugins: [react(), tailwindcss(), cleanAssets(), serviceWorker()],
  resolve: { alias: { '@': at('src') } },
  build: {
    emptyOutDir: false,
    target: 'es2022',
    // A data: URI would have to be allowed by the content security policy.
    assetsInlineLimit: 0,
    sourcemap: false,
  },
  server: {
    // `make run` serves the API here.
    proxy: Object.fromEntries(
      ['/api', '/uploads', '/admin/queue'].map((path) => [path, process.env.API ?? 'http://127.0.0.1:3001']),
    ),
  },
  test: {
    include: ['src/**/*.test.ts'],
    setupFiles: ['src/test/setup.ts'],
    // A zone that is a day ahead of UTC for half of each day, where a date made the wrong way shows.
    env: { TZ: 'Pacific/Auckland' },
  },
})
