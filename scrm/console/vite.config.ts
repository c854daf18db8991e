import { readFileSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { brotliCompressSync, gzipSync } from 'node:zlib'
import vue from '@vitejs/plugin-vue'
import { marked } from 'marked'
import type { Plugin } from 'vite'
import { defineConfig } from 'vitest/config'

const server = process.env['SCRM_DEV_SERVER'] ?? 'http://127.0.0.1:8000'

/** Puts name.gz and name.br beside every script and style: the server sends whichever the browser takes, without work of its own. */
function compressed(): Plugin {
  return {
    name: 'compressed',
    apply: 'build',
    writeBundle: ({ dir }) => {
      const assets = join(dir ?? 'dist', 'assets')
      for (const name of readdirSync(assets).filter((each) => /\.(js|css)$/.test(each))) {
        const content = readFileSync(join(assets, name))
        writeFileSync(join(assets, `${name}.gz`), gzipSync(content, { level: 9 }))
        writeFileSync(join(assets, `${name}.br`), brotliCompressSync(content))
      }
    },
  }
}

/** Pages of the documentation become HTML when the console is built: the browser needs no Markdown. */
function pages(): Plugin {
  return {
    name: 'pages',
    enforce: 'pre',
    transform: (text, id) => (id.endsWith('.md') ? { code: `export default ${JSON.stringify(marked.parse(text, { async: false }))}`, map: null } : null),
  }
}

export default defineConfig({
  base: '/',
  plugins: [vue(), pages(), compressed()],
  resolve: { alias: { '@': fileURLToPath(new URL('./src', import.meta.url)) } },
  build: { outDir: 'dist', assetsDir: 'assets', target: 'es2022', sourcemap: false, chunkSizeWarningLimit: 700 },
  // The pages are small and the server has no source maps to offer; vue-i18n's flags drop what is not used.
  define: { __VUE_I18N_FULL_INSTALL__: false, __VUE_I18N_LEGACY_API__: false, __INTLIFY_PROD_DEVTOOLS__: false },
  server: { proxy: { '/api': { target: server } } },
  test: { environment: 'node', include: ['tests/**/*.test.ts'] },
})
