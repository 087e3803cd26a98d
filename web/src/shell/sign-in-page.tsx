import { useMutation } from '@tanstack/react-query'
import { useNavigate, useSearch } from '@tanstack/react-router'
import { z } from 'zod'
import { signIn } from '@/api/client'
import { write } from '@/api/device'
import { ApiError, messageOf } from '@/api/errors'
import { queryClient } from '@/api/query'
import { sessionQuery } from '@/api/session'
import { Button } from '@/ui/button'
import { Field, Input } from '@/ui/field'
import { useZodForm } from '@/ui/form'
import { Logo } from './logo'

const schema = z.object({
  email: z.email('Enter your e-mail address'),
  password: z.string().min(1, 'Enter your password'),
})

export function SignInPage() {
  const navigate = useNavigate()
  const { next } = useSearch({ from: '/sign-in' })
  const form = useZodForm(schema, { email: '', password: '' })
  const { errors } = form.formState
  const enter = useMutation({
    mutationFn: ({ email, password }: z.infer<typeof schema>) => signIn(email, password),
    onSuccess: async ({ user }) => {
      await write('kept', user, 'user').catch(() => undefined)
      queryClient.setQueryData(sessionQuery.queryKey, user)
      void navigate({ to: next ?? '/' })
    },
  })
  return (
    <main className="grid min-h-dvh lg:grid-cols-[1fr_1.1fr]">
      <div className="relative hidden flex-col justify-between overflow-hidden bg-board p-12 text-board-ink lg:flex">
        <Logo />
        <Circuit />
        <p className="relative max-w-md font-display text-4xl leading-tight font-semibold tracking-tight text-balance">Every hour on the invoice. Every invoice in Xero, once.</p>
      </div>
      <div className="flex flex-col justify-center px-6 py-12 sm:px-12">
        <form
          noValidate
          className="mx-auto flex w-full max-w-sm flex-col gap-5"
          onSubmit={(event) => void form.handleSubmit((values) => enter.mutate(values))(event)}
        >
          <Logo className="mb-4 lg:hidden" />
          <h1 className="text-3xl font-semibold tracking-tight">Sign in</h1>
          {enter.isError && (
            <p role="alert" className="rounded-card bg-bad-soft px-4 py-3 font-medium text-bad">
              {messageOf(enter.error)}
              {enter.error instanceof ApiError && enter.error.status === 429 && enter.error.retryAfterSeconds !== null && ` Try again in ${Math.ceil(enter.error.retryAfterSeconds / 60)} minutes.`}
            </p>
          )}
          <Field label="E-mail" error={errors.email?.message}>
            <Input type="email" autoComplete="username" autoFocus {...form.register('email')} />
          </Field>
          <Field label="Password" error={errors.password?.message}>
            <Input type="password" autoComplete="current-password" {...form.register('password')} />
          </Field>
          <Button type="submit" variant="primary" busy={enter.isPending}>
            Sign in
          </Button>
        </form>
      </div>
    </main>
  )
}

/** A drawing of wires; it says nothing. */
function Circuit() {
  const wires = [
    'M-20 120H180l60 60h420', 'M-20 180H140l90 90h430', 'M-20 240H100l130 130h430', 'M-20 420H220l50-50', 'M-20 480H320l60-60h280', 'M400 270v110', 'M520 180v190',
  ]
  const joints: [number, number][] = [[240, 180], [230, 270], [230, 370], [400, 270], [520, 180], [520, 370], [400, 370], [380, 420]]
  return (
    <svg aria-hidden viewBox="0 0 640 600" preserveAspectRatio="xMidYMid slice" className="absolute inset-0 size-full opacity-70">
      <g fill="none" strokeWidth="2" className="stroke-board-line">
        {wires.map((d) => (
          <path key={d} d={d} />
        ))}
      </g>
      <path d="M-20 180H140l90 90h170v100h120" fill="none" strokeWidth="2.5" className="stroke-spark" />
      {joints.map(([x, y]) => (
        <circle key={`${x} ${y}`} cx={x} cy={y} r="5" strokeWidth="2.5" className="fill-board stroke-board-line" />
      ))}
      <circle cx="520" cy="370" r="6" className="fill-spark" />
    </svg>
  )
}
