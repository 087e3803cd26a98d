package xerosim

import "fmt"

// editAsPerson applies the fields of POST /_sim/edit.
func (o *organisation) editAsPerson(e *endpoint, target record, f fields, tx *transaction) (record, []string) {
	switch t := target.(type) {
	case *organisation:
		return t, o.editOrganisation(f)
	case *account:
		if status, given := f.enum("Status", "ACTIVE", "ARCHIVED", "DELETED"); given {
			t.status = status
		}
		if name, given := f.text("Name"); given {
			t.name = name
		}
		if payments, given := f.flag("EnablePaymentsToAccount"); given {
			t.payments = payments
		}
		t.updated = tx.now
		return t, f.unknownBut("Status", "Name", "EnablePaymentsToAccount")
	case *taxRate:
		if status, given := f.enum("Status", "ACTIVE", "ARCHIVED", "DELETED", "PENDING"); given {
			t.status = status
		}
		return t, f.unknownBut("Status")
	case *trackingCategory:
		if status, given := f.enum("Status", "ACTIVE", "ARCHIVED", "DELETED"); given {
			t.status = status
		}
		if name, given := f.text("Name"); given {
			t.name = name
		}
		return t, f.unknownBut("Status", "Name")
	case *contact:
		if into, given := f.id("MergedToContactID"); given {
			return t, o.mergeContact(t, into, tx)
		}
	case *document:
		if status, _ := f.text("Status"); status == "PAID" && t.kind == invoices {
			return t, o.payInFull(t, tx)
		}
	}
	if e.prepare == nil {
		return target, []string{fmt.Sprintf("%s cannot be edited", e.plural)}
	}
	work := e.prepare(f)
	if f.problem.found() {
		return target, nil // the caller reports the problem
	}
	return work(tx)
}

// unknownBut names the fields that are given but not among these.
func (f fields) unknownBut(names ...string) []string {
	if f.only(names...) {
		return nil
	}
	return []string{fmt.Sprintf("only %v can be edited", names)}
}

func (o *organisation) editOrganisation(f fields) []string {
	if name, given := f.text("Name"); given {
		o.name = name
	}
	for name, into := range map[string]*day{"PeriodLockDate": &o.periodLock, "EndOfYearLockDate": &o.yearLock} {
		if text, given := f.text(name); given && text == "" {
			*into = ""
		}
		if locked, given := f.day(name); given {
			*into = locked
		}
	}
	return f.unknownBut("Name", "PeriodLockDate", "EndOfYearLockDate")
}

// mergeContact archives a contact and moves its documents to another.
func (o *organisation) mergeContact(from *contact, intoID string, tx *transaction) []string {
	into := o.contactByID(intoID)
	if into == nil || into == from || into.status != "ACTIVE" {
		return []string{"the contact to merge into must be another, active contact"}
	}
	for _, list := range o.documents {
		for _, d := range list {
			if d.contact == from {
				d.contact, d.updated = into, tx.now
			}
		}
	}
	into.customer = into.customer || from.customer
	into.supplier = into.supplier || from.supplier
	from.status, from.mergedTo, from.updated, into.updated = "ARCHIVED", into.id, tx.now, tx.now
	return nil
}

// payInFull records a payment of what is due from the first bank account.
func (o *organisation) payInFull(d *document, tx *transaction) []string {
	for _, a := range o.accounts {
		if a.typ == "BANK" && a.status == "ACTIVE" {
			_, problems := o.createPayment(paymentInput{
				targets: 1, kind: d.kind, targetID: d.id, hasAccount: true, accountID: a.id, amount: d.due(),
			}, &transaction{org: o, now: tx.now})
			return problems
		}
	}
	return []string{"the organisation has no bank account to pay from"}
}
