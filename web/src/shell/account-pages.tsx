import { useMutation } from '@tanstack/react-query'
import { Link, useSearch } from '@tanstack/react-router'
import { MailCheck, TriangleAlert } from 'lucide-react'
import { z } from 'zod'
import { ApiError } from '@/api/errors'
import { acceptInvitation, forgotPassword, resetPassword, setUpAdmin } from '@/api/people'
import { Button, buttonClass } from '@/ui/button'
import { Field, Input } from '@/ui/field'
import { showFaults, useZodForm } from '@/ui/form'
import { Notice } from '@/ui/states'
import { PublicPage, useEnter } from './public-page'
import { Refusal } from './sign-in-page'

// The pages that links from mails and from the start of the program lead to.

const newPassword = z.string().min(8, 'At least 8 characters')
const same = (v: { password: string; again: string }) => v.password === v.again
const notSame = { path: ['again'], message: 'This is not the same password' }

const faultsOf = (error: Error) => (error instanceof ApiError ? error.fields : {})

const toSignIn = (
  <Link to="/sign-in" className="inline-flex min-h-11 items-center self-start font-medium text-accent hover:underline">
    Back to sign in
  </Link>
)

function NoToken({ what }: { what: string }) {
  return (
    <Notice tone="warn" icon={<TriangleAlert aria-hidden />} title="The link is not complete">
      Open the whole link {what}.
    </Notice>
  )
}

const emailSchema = z.object({ email: z.email('Enter your e-mail address') })

/** Asks for a link; with the token of one, for the new password. */
export function ForgotPasswordPage() {
  const { token } = useSearch({ from: '/forgot-password' })
  return token ? <ResetPassword token={token} /> : <AskForLink />
}

function AskForLink() {
  const form = useZodForm(emailSchema, { email: '' })
  const ask = useMutation({
    mutationFn: ({ email }: z.infer<typeof emailSchema>) => forgotPassword(email),
    onError: (error) => showFaults(form, error.message, faultsOf(error)),
  })
  return (
    <PublicPage title="Forgot your password?">
      {ask.isSuccess ? (
        <Notice tone="good" icon={<MailCheck aria-hidden />} title={ask.data.message}>
          It is good for one use. If no mail comes, ask an administrator.
        </Notice>
      ) : (
        <form noValidate className="flex flex-col gap-5" onSubmit={(event) => void form.handleSubmit((values) => ask.mutate(values))(event)}>
          <p className="text-muted">Enter your e-mail address. A link to choose a new password is mailed to it.</p>
          {form.formState.errors.root && ask.error && <Refusal error={ask.error} />}
          <Field label="E-mail" error={form.formState.errors.email?.message}>
            <Input type="email" autoComplete="username" autoFocus {...form.register('email')} />
          </Field>
          <Button type="submit" variant="primary" busy={ask.isPending}>
            Mail me a link
          </Button>
        </form>
      )}
      {toSignIn}
    </PublicPage>
  )
}

const passwordSchema = z.object({ password: newPassword, again: z.string() }).refine(same, notSame)

function ResetPassword({ token }: { token: string }) {
  const form = useZodForm(passwordSchema, { password: '', again: '' })
  const { errors } = form.formState
  const reset = useMutation({
    mutationFn: ({ password }: z.infer<typeof passwordSchema>) => resetPassword(token, password),
    onError: (error) => showFaults(form, error.message, faultsOf(error)),
  })
  return (
    <PublicPage title="New password">
      {reset.isSuccess ? (
        <Notice tone="good" icon={<MailCheck aria-hidden />} title="The password is changed" action={<Link to="/sign-in" className={buttonClass('primary')}>Sign in</Link>}>
          You were signed out on every device.
        </Notice>
      ) : (
        <form noValidate className="flex flex-col gap-5" onSubmit={(event) => void form.handleSubmit((values) => reset.mutate(values))(event)}>
          {errors.root && reset.error && <Refusal error={reset.error} />}
          <Field label="New password" hint="At least 8 characters." error={errors.password?.message}>
            <Input type="password" autoComplete="new-password" autoFocus {...form.register('password')} />
          </Field>
          <Field label="New password again" error={errors.again?.message}>
            <Input type="password" autoComplete="new-password" {...form.register('again')} />
          </Field>
          <Button type="submit" variant="primary" busy={reset.isPending}>
            Save password
          </Button>
        </form>
      )}
      {toSignIn}
    </PublicPage>
  )
}

export function AcceptInvitationPage() {
  const { token } = useSearch({ from: '/accept-invitation' })
  const letIn = useEnter()
  const form = useZodForm(passwordSchema, { password: '', again: '' })
  const { errors } = form.formState
  const accept = useMutation({
    mutationFn: ({ password }: z.infer<typeof passwordSchema>) => acceptInvitation({ token: token ?? '', password }),
    onSuccess: ({ user }) => letIn(user),
    onError: (error) => showFaults(form, error.message, faultsOf(error)),
  })
  return (
    <PublicPage title="Welcome">
      {!token ? (
        <NoToken what="from your invitation" />
      ) : (
        <form noValidate className="flex flex-col gap-5" onSubmit={(event) => void form.handleSubmit((values) => accept.mutate(values))(event)}>
          <p className="text-muted">Choose the password with which you will sign in.</p>
          {errors.root && accept.error && <Refusal error={accept.error} />}
          <Field label="Password" hint="At least 8 characters." error={errors.password?.message}>
            <Input type="password" autoComplete="new-password" autoFocus {...form.register('password')} />
          </Field>
          <Field label="Password again" error={errors.again?.message}>
            <Input type="password" autoComplete="new-password" {...form.register('again')} />
          </Field>
          <Button type="submit" variant="primary" busy={accept.isPending}>
            Start
          </Button>
        </form>
      )}
      {toSignIn}
    </PublicPage>
  )
}

const setupSchema = z
  .object({
    company_name: z.string().trim().min(1, 'Enter the name of the firm').max(255),
    timezone: z.string().min(1, 'Choose a time zone'),
    name: z.string().trim().min(1, 'Enter your name').max(255),
    email: z.email('This is not an e-mail address'),
    password: newPassword,
    again: z.string(),
  })
  .refine(same, notSame)

export function SetupPage() {
  const { token } = useSearch({ from: '/setup' })
  const letIn = useEnter()
  const form = useZodForm(setupSchema, { company_name: '', timezone: Intl.DateTimeFormat().resolvedOptions().timeZone, name: '', email: '', password: '', again: '' })
  const { errors } = form.formState
  const setUp = useMutation({
    mutationFn: ({ company_name, timezone, name, email, password }: z.infer<typeof setupSchema>) => setUpAdmin({ token: token ?? '', company_name, timezone, name, email, password }),
    onSuccess: ({ user }) => letIn(user),
    onError: (error) => showFaults(form, error.message, faultsOf(error)),
  })
  return (
    <PublicPage title="Set up">
      {!token ? (
        <NoToken what="that the program printed when it started; it stands in its log" />
      ) : (
        <form noValidate className="flex flex-col gap-5" onSubmit={(event) => void form.handleSubmit((values) => setUp.mutate(values))(event)}>
          <p className="text-muted">You become the first administrator, and can then invite everybody else.</p>
          {errors.root && setUp.error && <Refusal error={setUp.error} />}
          <Field label="Name of the firm" error={errors.company_name?.message}>
            <Input autoComplete="organization" autoFocus {...form.register('company_name')} />
          </Field>
          <Field label="Time zone" hint="Decides which day it is." error={errors.timezone?.message}>
            <Input list="zones" {...form.register('timezone')} />
          </Field>
          <datalist id="zones">
            {Intl.supportedValuesOf('timeZone').map((zone) => (
              <option key={zone} value={zone} />
            ))}
          </datalist>
          <Field label="Your name" error={errors.name?.message}>
            <Input autoComplete="name" {...form.register('name')} />
          </Field>
          <Field label="Your e-mail" error={errors.email?.message}>
            <Input type="email" autoComplete="username" {...form.register('email')} />
          </Field>
          <Field label="Password" hint="At least 8 characters." error={errors.password?.message}>
            <Input type="password" autoComplete="new-password" {...form.register('password')} />
          </Field>
          <Field label="Password again" error={errors.again?.message}>
            <Input type="password" autoComplete="new-password" {...form.register('again')} />
          </Field>
          <Button type="submit" variant="primary" busy={setUp.isPending}>
            Set up
          </Button>
        </form>
      )}
    </PublicPage>
  )
}
