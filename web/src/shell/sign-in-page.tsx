import { useMutation, useQuery } from '@tanstack/react-query'
import { Link, Navigate, useSearch } from '@tanstack/react-router'
import { z } from 'zod'
import { signIn } from '@/api/client'
import { ApiError, messageOf } from '@/api/errors'
import { getSetupStatus } from '@/api/people'
import { Button } from '@/ui/button'
import { Field, Input } from '@/ui/field'
import { useZodForm } from '@/ui/form'
import { PublicPage, useEnter } from './public-page'

const schema = z.object({
  email: z.email('Enter your e-mail address'),
  password: z.string().min(1, 'Enter your password'),
})

export function SignInPage() {
  const { next } = useSearch({ from: '/sign-in' })
  const letIn = useEnter()
  const setup = useQuery({ queryKey: ['setup-status'], queryFn: getSetupStatus, staleTime: Infinity })
  const form = useZodForm(schema, { email: '', password: '' })
  const { errors } = form.formState
  const enter = useMutation({
    mutationFn: ({ email, password }: z.infer<typeof schema>) => signIn(email, password),
    onSuccess: ({ user }) => letIn(user, next),
  })
  if (setup.data?.completed === false) return <Navigate to="/setup" replace />
  return (
    <PublicPage title="Sign in">
      <form noValidate className="flex flex-col gap-5" onSubmit={(event) => void form.handleSubmit((values) => enter.mutate(values))(event)}>
        {enter.isError && <Refusal error={enter.error} />}
        <Field label="E-mail" error={errors.email?.message}>
          <Input type="email" autoComplete="username" autoFocus {...form.register('email')} />
        </Field>
        <Field label="Password" error={errors.password?.message}>
          <Input type="password" autoComplete="current-password" {...form.register('password')} />
        </Field>
        <Button type="submit" variant="primary" busy={enter.isPending}>
          Sign in
        </Button>
        <Link to="/forgot-password" className="inline-flex min-h-11 items-center self-start font-medium text-accent hover:underline">
          Forgot your password?
        </Link>
      </form>
    </PublicPage>
  )
}

/** What the server refused, and when to try again if it said so. */
export function Refusal({ error }: { error: Error }) {
  const wait = error instanceof ApiError && error.status === 429 ? error.retryAfterSeconds : null
  return (
    <p role="alert" className="rounded-card bg-bad-soft px-4 py-3 font-medium text-bad">
      {messageOf(error)}
      {wait !== null && ` Try again in ${Math.ceil(wait / 60)} minutes.`}
    </p>
  )
}
