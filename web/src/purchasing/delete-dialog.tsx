import { useMutation } from '@tanstack/react-query'
import { deletePurchaseOrder } from '@/api/client'
import { messageOf } from '@/api/errors'
import { queryClient } from '@/api/query'
import type { PurchaseOrder } from '@/api/types'
import { restoreRecord } from '@/api/records'
import { formatMoney } from '@/format/money'
import { toastUndo } from '@/records/undo'
import { documentKeys } from '@/sync/queries'
import { Confirm } from '@/ui/dialog'

/** Takes a purchase order back, here and in Xero. */
export function DeletePurchaseOrder({ order, onClose, onDeleted }: { order: PurchaseOrder; onClose: () => void; onDeleted?: () => void }) {
  const remove = useMutation({
    mutationFn: () => deletePurchaseOrder(order.id),
    onSuccess: ({ message }) => {
      toastUndo(`${order.po_number}: ${message}`, () => restoreRecord(`/api/xero/purchase-orders/${order.id}`))
      onClose()
      onDeleted?.()
    },
    onSettled: () => queryClient.invalidateQueries({ queryKey: documentKeys.purchase_order }),
  })
  return (
    <Confirm title={`Delete ${order.po_number}?`} action="Delete purchase order" busy={remove.isPending} error={remove.error ? messageOf(remove.error) : undefined} onConfirm={() => remove.mutate()} onClose={onClose}>
      <p>
        The order of {formatMoney(order.total_amount, order.currency)} from {order.supplier_name} is taken back here and in Xero. The supplier is not told.
      </p>
    </Confirm>
  )
}
