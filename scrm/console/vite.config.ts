import { fileURLToPath } from 'node:url'
import vue from '@vitejs/plugin-vue'
import { defineConfig } from 'vitest/config'

const server = process.env['SCRM_DEV_SERVER'] ?? 'http://127.0.0.1:8000'

export default defineConfig({
  base: '/',
  plugins: [vue()],
  resolve: { alias: { '@': fileURLToPath(new URL('./src', import.meta.url)) } },
  build: { outDir: 'dist', assetsDir: 'assets', target: 'es2022', sourcemap: false, chunkSizeWarningLimit: 700 },
  // The pages are small and the server has no source maps to offer; vue-i18n's flags drop what is not used.
  define: { __VUE_I18N_FULL_INSTALL__: false, __VUE_I18N_LEGACY_API__: false, __INTLIFY_PROD_DEVTOOLS__: false },
  server: { proxy: { '/api': { target: server } } },
  test: { environment: 'node', include: ['tests/**/*.test.ts'] },
})
