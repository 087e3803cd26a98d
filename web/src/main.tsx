import { QueryClientProvider } from '@tanstack/react-query'
import { RouterProvider } from '@tanstack/react-router'
import { StrictMode } from 'react'
import { createRoot } from 'react-dom/client'
import { z } from 'zod'
import { queryClient } from '@/api/query'
import { router } from './routes'
import './styles.css'

// zod would compile its checks with eval, which the content security policy refuses.
z.config({ jitless: true })

const container = document.getElementById('root')
if (!container) throw new Error('index.html has no element with the id root.')

createRoot(container).render(
  <StrictMode>
    <QueryClientProvider client={queryClient}>
      <RouterProvider router={router} />
    </QueryClientProvider>
  </StrictMode>,
)

// A page of an older build asks for a file that the server no longer has: take the new build.
addEventListener('vite:preloadError', () => location.reload())

// Lets the app open without signal. Browsers offer it only on https and localhost.
if (import.meta.env.PROD && 'serviceWorker' in navigator) {
  addEventListener('load', () => void navigator.serviceWorker.register('/sw.js').catch(() => undefined))
}
