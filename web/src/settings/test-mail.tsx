import { useMutation } from '@tanstack/react-query'
import { MailCheck, Send, TriangleAlert } from 'lucide-react'
import { useState } from 'react'
import { messageOf } from '@/api/errors'
import { useUser } from '@/api/session'
import { sendTestMail } from '@/api/settings'
import { Button } from '@/ui/button'
import { Field, Input } from '@/ui/field'
import { Progress } from '@/ui/progress'
import { Notice } from '@/ui/states'

/** Sends a mail with the settings as they are saved, and says what came of it. */
export function TestMail() {
  const [email, setEmail] = useState(useUser().email)
  const test = useMutation({ mutationFn: () => sendTestMail(email.trim()) })
  return (
    <section aria-labelledby="test-mail" className="card flex flex-col gap-4 p-5">
      <h2 id="test-mail" className="text-lg font-semibold">
        Test
      </h2>
      <form
        noValidate
        className="flex flex-wrap items-end gap-3"
        onSubmit={(event) => {
          event.preventDefault()
          test.mutate()
        }}
      >
        <Field label="Send a test mail to" className="min-w-56 flex-1">
          <Input type="email" value={email} onChange={(event) => setEmail(event.target.value)} />
        </Field>
        <Button type="submit" busy={test.isPending} icon={<Send aria-hidden className="size-4" />}>
          Send test mail
        </Button>
      </form>
      {test.isPending && <Progress label="Talking to the mail server…" />}
      {test.isSuccess && <Notice tone="good" icon={<MailCheck aria-hidden />} title={test.data.message} />}
      {test.isError && <Notice tone="bad" icon={<TriangleAlert aria-hidden />} title={messageOf(test.error)} />}
    </section>
  )
}
