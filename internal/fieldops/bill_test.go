package fieldops

import (
	"strings"
	"testing"
)

func TestAStatementIsReadAsBanksWriteIt(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		date, amount string
		wantDate     Date
		wantAmount   Cents
		wantType     string
		fault        string
	}{
		{"2026-11-02", "12.5", "2026-11-02", 12_50, Receive, ""},
		{"3/11/2026", "-12.50", "2026-11-03", 12_50, Spend, ""},
		{"03/11/2026", `"-1,234,567.89"`, "2026-11-03", 1_234_567_89, Spend, ""},
		{"03-11-2026", "+$5", "2026-11-03", 5_00, Receive, ""},
		{"03/11/2026", "-$5.00", "2026-11-03", 5_00, Spend, ""},
		{"13/13/2026", "1", "", 0, "", "rows[2].date"},
		{"", "1", "", 0, "", "rows[2].date"},
		{"2026-11-26", "1", "", 0, "", "rows[2].date"}, // the day after tomorrow
		{"2026-11-02", "", "", 0, "", "rows[2].amount"},
		{"2026-11-02", "0.00", "", 0, "", "rows[2].amount"},
		{"2026-11-02", "1.234", "", 0, "", "rows[2].amount"},
		{"2026-11-02", `"1,23"`, "", 0, "", "rows[2].amount"},
		{"2026-11-02", "1e5", "", 0, "", "rows[2].amount"},
		{"2026-11-02", "99999999999999", "", 0, "", "rows[2].amount"},
	} {
		s := Statement{CSV: []byte("Date,Amount\n" + test.date + "," + test.amount + "\n")}
		got, err := s.Read("2026-11-24")
		if test.fault != "" {
			if err == nil || !strings.Contains(err.Error(), test.fault) {
				t.Errorf("%s, %s: %v, want a fault of %s", test.date, test.amount, err, test.fault)
			}
			continue
		}
		if err != nil || len(got) != 1 || got[0].Date != test.wantDate || got[0].Amount != test.wantAmount || got[0].Type != test.wantType {
			t.Errorf("%s, %s: %+v, %v", test.date, test.amount, got, err)
		}
	}
	for name, csv := range map[string]string{
		"empty": "", "only a head": "date,amount\n", "no amount": "date,sum\n2026-11-02,1\n", "Latin-1": "date,amount,details\n2026-11-02,1,Caf\xe9\n", "a torn quote": "date,amount\n2026-11-02,\"1\n",
	} {
		if got, err := (&Statement{CSV: []byte(csv)}).Read("2026-11-24"); KindOf(err) != Invalid {
			t.Errorf("%s: %+v, %v", name, got, err)
		}
	}
	one := Statement{CSV: []byte("date,amount\n2026-11-02,1\n2026-11-02,1\n2026-11-03,1\n")}
	first, _ := one.Read("2026-11-24")
	again, _ := one.Read("2026-11-25")
	one.AccountCode = "091"
	other, _ := one.Read("2026-11-24")
	keys := map[string]bool{}
	for n := range first {
		if *first[n].ImportKey != *again[n].ImportKey {
			t.Errorf("row %d has another key the next day", n)
		}
		keys[*first[n].ImportKey], keys[*other[n].ImportKey] = true, true
	}
	if len(keys) != 6 {
		t.Errorf("%d keys of three rows on two accounts", len(keys))
	}
}

func FuzzStatement(f *testing.F) {
	f.Add("date,amount,details,ref\n2026-11-02,\"1,150.00\",a,b\n")
	f.Fuzz(func(t *testing.T, csv string) {
		got, err := (&Statement{CSV: []byte(csv)}).Read("2026-11-24")
		if err == nil && len(got) == 0 {
			t.Error("nothing was read and nothing is wrong")
		}
		for _, b := range got {
			if err == nil && (b.Amount <= 0 || b.Date == "" || b.ImportKey == nil) {
				t.Errorf("%+v", b)
			}
		}
	})
}

func TestReceiptsAreAddressesThatNobodyRuns(t *testing.T) {
	t.Parallel()
	for address, ok := range map[string]bool{
		"https://shop.test/r?id=1": true, "http://shop.test/r": true, "/uploads/timesheets/2026/x.jpg": true,
		"javascript:alert(1)": false, "data:text/html,x": false, "//evil.test/x": false, "/uploads/../config": false, "/etc/passwd": false,
		"https://user:pw@shop.test/": false, "ftp://shop.test/": false, "https://": false, "shop.test": false, "": false,
	} {
		var f Faults
		checkReceipt(&f, &address)
		if (len(f) == 0) != ok {
			t.Errorf("%q: %v", address, f)
		}
	}
}

func TestReconcilingWantsTheSameMoney(t *testing.T) {
	t.Parallel()
	invoice, bill, payment := NewID(), NewID(), NewID()
	for name, test := range map[string]struct {
		b  BankTransaction
		p  Payment
		ok bool
	}{
		"received for an invoice": {BankTransaction{Type: Receive, Amount: 5}, Payment{InvoiceID: &invoice, Amount: 5}, true},
		"spent for a bill":        {BankTransaction{Type: Spend, Amount: 5}, Payment{BillID: &bill, Amount: 5}, true},
		"of no document":          {BankTransaction{Type: Receive, Amount: 5}, Payment{Amount: 5}, true},
		"spent for an invoice":    {BankTransaction{Type: Spend, Amount: 5}, Payment{InvoiceID: &invoice, Amount: 5}, false},
		"received for a bill":     {BankTransaction{Type: Receive, Amount: 5}, Payment{BillID: &bill, Amount: 5}, false},
		"a cent less":             {BankTransaction{Type: Receive, Amount: 4}, Payment{InvoiceID: &invoice, Amount: 5}, false},
		"matched already":         {BankTransaction{Type: Receive, Amount: 5, Reconciled: true, PaymentID: &payment}, Payment{ID: payment, Amount: 5}, false},
		"reconciled in Xero":      {BankTransaction{Type: Receive, Amount: 5, Reconciled: true}, Payment{Amount: 5}, false},
	} {
		if err := test.b.Reconciles(&test.p); (err == nil) != test.ok {
			t.Errorf("%s: %v", name, err)
		}
	}
}
