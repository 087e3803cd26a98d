// Package fieldops is the vocabulary of the product: the things an electrical
// firm works with (clients, projects, timesheets, invoices, purchase orders),
// the rules that need nothing but them (money, tax, an invoice from
// timesheets), and the words in which documents travel to an accounting
// provider.
//
// It does no I/O, reads no clock and imports none of our packages; everything
// else imports it.
package fieldops
