import { zodResolver } from '@hookform/resolvers/zod'
import type { DefaultValues, FieldValues, Path, UseFormReturn } from 'react-hook-form'
import { useForm } from 'react-hook-form'
import type { z } from 'zod'

/** A form whose fields are checked against the schema here before the server checks them again. */
export function useZodForm<Values extends FieldValues>(schema: z.ZodType<Values, Values>, defaultValues: DefaultValues<Values>): UseFormReturn<Values> {
  return useForm<Values>({ resolver: zodResolver(schema), defaultValues })
}

/** Puts the faults the server found beside their fields; what belongs to no field goes to the form as a whole. */
export function showFaults<Values extends FieldValues>(form: UseFormReturn<Values>, message: string, fields: Readonly<Record<string, string>> = {}): void {
  const known = Object.keys(form.getValues())
  let placed = false
  for (const [name, fault] of Object.entries(fields)) {
    if (!known.includes(name)) continue
    form.setError(name as Path<Values>, { message: fault }, { shouldFocus: !placed })
    placed = true
  }
  if (!placed) form.setError('root', { message })
}
