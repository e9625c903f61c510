import react from '@vitejs/plugin-react';
import { defineConfig } from 'vite';

/** Where `vite` and `vite preview` send `/gateway`; a running Sluice by default. */
const gateway = process.env.UI_DEV_GATEWAY_URL ?? 'http://127.0.0.1:8080';
const proxy = { '/gateway': { target: gateway, changeOrigin: false } };

export default defineConfig({
  base: '/ng/',
  plugins: [react()],
  // Contract packages are read as sources, so a change there needs no build of its own.
  resolve: { conditions: ['@sluice/source', 'module', 'browser', 'development|production'] },
  server: { port: 5173, proxy },
  preview: { port: 4173, proxy },
  build: { outDir: 'dist', emptyOutDir: true, target: 'es2022', sourcemap: false, chunkSizeWarningLimit: 900 },
});
