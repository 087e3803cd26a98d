import { QueryClient } from '@tanstack/react-query'
import { NoAnswerError } from './errors'

/** The server's data as this app last read it. A refusal is final; only a missing answer is asked for again. */
export const queryClient = new QueryClient({
  defaultOptions: {
    queries: {
      staleTime: 15_000,
      retry: (failures, error) => error instanceof NoAnswerError && failures < 2,
      // Without signal a query fails at once and the app shows what it kept, instead of waiting.
      networkMode: 'always',
    },
    mutations: { retry: false, networkMode: 'always' },
  },
})
