import { useMutation } from '@tanstack/react-query'
import { z } from 'zod'
import { changePassword, updateProfile } from '@/api/client'
import { ApiError } from '@/api/errors'
import { queryClient } from '@/api/query'
import { sessionQuery, useUser } from '@/api/session'
import { Section } from '@/records/record-page'
import { Button } from '@/ui/button'
import { Field, Input } from '@/ui/field'
import { showFaults, useZodForm } from '@/ui/form'
import { Page } from '@/ui/page'
import { toast } from '@/ui/toast'
import { Sessions } from './sessions'
import { Tokens } from './tokens'

/** The own name, address and password, the devices one is signed in on, and the tokens of one's programs. */
export function ProfilePage() {
  return (
    <Page title="Profile">
      <div className="grid items-start gap-5 lg:grid-cols-2">
        <Person />
        <Password />
      </div>
      <Section title="Where you are signed in">
        <Sessions />
      </Section>
      <Section title="API tokens">
        <p className="text-muted">A token lets a program act for you, within what you allow it.</p>
        <Tokens />
      </Section>
    </Page>
  )
}

const personSchema = z.object({ name: z.string().trim().min(1, 'Enter your name'), email: z.email('This is not an e-mail address') })

function Person() {
  const user = useUser()
  const form = useZodForm(personSchema, { name: user.name, email: user.email })
  const { errors } = form.formState
  const save = useMutation({
    mutationFn: updateProfile,
    onSuccess: () => {
      void queryClient.invalidateQueries({ queryKey: sessionQuery.queryKey })
      toast('Profile saved.')
    },
    onError: (error) => showFaults(form, error.message, error instanceof ApiError ? error.fields : {}),
  })
  return (
    <form noValidate className="card flex flex-col gap-4 p-5" onSubmit={(event) => void form.handleSubmit((values) => save.mutate(values))(event)}>
      <h2 className="text-lg font-semibold">You</h2>
      {errors.root && <p role="alert" className="font-medium text-bad">{errors.root.message}</p>}
      <Field label="Name" error={errors.name?.message}>
        <Input autoComplete="name" {...form.register('name')} />
      </Field>
      <Field label="E-mail" error={errors.email?.message}>
        <Input type="email" autoComplete="email" {...form.register('email')} />
      </Field>
      <Button type="submit" variant="primary" className="self-start" busy={save.isPending}>
        Save profile
      </Button>
    </form>
  )
}

const passwordSchema = z
  .object({ currentPassword: z.string().min(1, 'Enter your password as it is now'), newPassword: z.string().min(8, 'At least 8 characters'), again: z.string() })
  .refine((v) => v.newPassword === v.again, { path: ['again'], message: 'This is not the same password' })

function Password() {
  const form = useZodForm(passwordSchema, { currentPassword: '', newPassword: '', again: '' })
  const { errors } = form.formState
  const save = useMutation({
    mutationFn: (values: z.infer<typeof passwordSchema>) => changePassword(values.currentPassword, values.newPassword),
    onSuccess: () => {
      form.reset()
      toast('Password changed. Other devices are signed out.')
    },
    onError: (error) => showFaults(form, error.message, error instanceof ApiError ? error.fields : {}),
  })
  return (
    <form noValidate className="card flex flex-col gap-4 p-5" onSubmit={(event) => void form.handleSubmit((values) => save.mutate(values))(event)}>
      <h2 className="text-lg font-semibold">Password</h2>
      {errors.root && <p role="alert" className="font-medium text-bad">{errors.root.message}</p>}
      <Field label="Password now" error={errors.currentPassword?.message}>
        <Input type="password" autoComplete="current-password" {...form.register('currentPassword')} />
      </Field>
      <Field label="New password" hint="At least 8 characters." error={errors.newPassword?.message}>
        <Input type="password" autoComplete="new-password" {...form.register('newPassword')} />
      </Field>
      <Field label="New password again" error={errors.again?.message}>
        <Input type="password" autoComplete="new-password" {...form.register('again')} />
      </Field>
      <Button type="submit" variant="primary" className="self-start" busy={save.isPending}>
        Change password
      </Button>
    </form>
  )
}
