package fieldops

import (
	"errors"
	"strings"
	"testing"
)

func ptr[T any](v T) *T { return &v }

// brokenFields names the fields that an error blames.
func brokenFields(t *testing.T, err error) (fields []string) {
	t.Helper()
	if err == nil {
		return nil
	}
	refusal, ok := errors.AsType[*Error](err)
	if !ok || refusal.Kind != Invalid || refusal.Message == "" {
		t.Fatalf("%v is not a refusal for what was sent", err)
	}
	for _, f := range refusal.Faults {
		fields = append(fields, f.Field)
	}
	return fields
}

func TestRecordsAreCheckedWhole(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("ā", 256)
	client := Client{Name: "Ohm", ClientType: Customer, Status: ClientActive, PaymentTerms: DefaultPaymentTerms}
	project := Project{Name: "Rewire", Status: "quoted"}
	project.BillingMethod = TimeAndMaterials
	center := CostCenter{Code: "CC", Name: "Kitchen"}
	activity := ActivityType{Name: "Labour", Icon: "Zap", Color: "blue"}
	person := User{Name: "Aroha", Email: "aroha@firm.nz", Role: RoleUser}
	for name, c := range map[string]struct {
		check func() error
		want  string
	}{
		"client": {client.Check, ""},
		"client, limits": {func() error {
			c := client
			c.Name, c.Email, c.BillingEmail = strings.Repeat("ā", 255), ptr(""), ptr("a@b.nz")
			return c.Check()
		}, ""},
		"client, all wrong": {func() error {
			c := Client{Name: "  ", ContactName: &long, Email: ptr("a b@c.nz"), Phone: ptr(strings.Repeat("1", 51)), Location: &long, BillingEmail: ptr("Me <a@b.nz>"), Notes: ptr("\x00"), ClientType: "x", Status: "x"}
			return c.Check()
		}, "name contact_name email phone location billing_email notes client_type status payment_terms_type"},
		"project":                   {project.Check, ""},
		"project of one day":        {func() error { p := project; p.StartDate, p.EndDate = "2026-05-01", "2026-05-01"; return p.Check() }, ""},
		"project, all wrong":        {(&Project{ProjectBilling: ProjectBilling{BillingMethod: TimeAndMaterials}, Description: ptr("\xff"), Status: "gone", Budget: -1, StartDate: "2026-05-02", EndDate: "2026-05-01"}).Check, "name description status budget end_date"},
		"project, largest budget":   {func() error { p := project; p.Budget = MaxBudget; return p.Check() }, ""},
		"project, too large":        {func() error { p := project; p.Budget = MaxBudget + 1; return p.Check() }, "budget"},
		"cost centre":               {center.Check, ""},
		"cost centre, all wrong":    {(&CostCenter{Code: strings.Repeat("x", 21), Budget: -1, ClientPONumber: &long}).Check, "code name budget client_po_number"},
		"activity type":             {activity.Check, ""},
		"activity type, all wrong":  {(&ActivityType{HourlyRate: -1}).Check, "name icon color hourly_rate"},
		"activity type, top rate":   {func() error { a := activity; a.HourlyRate = MaxRate; return a.Check() }, ""},
		"activity type, too dear":   {func() error { a := activity; a.HourlyRate = MaxRate + 1; return a.Check() }, "hourly_rate"},
		"person":                    {person.Check, ""},
		"person, all wrong":         {(&User{Email: "x", Avatar: ptr(strings.Repeat("x", 2001))}).Check, "name email avatar role"},
		"person, address sans host": {func() error { p := person; p.Email = "a@b"; return p.Check() }, "email"},
	} {
		if got := strings.Join(brokenFields(t, c.check()), " "); got != c.want {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
}

func TestTimesheetsAreCheckedByThemselves(t *testing.T) {
	t.Parallel()
	const today Date = "2026-05-04"
	for _, c := range []struct {
		date  Date
		hours E4
		want  string
	}{
		{today, 2_500, ""},
		{today, 240_000, ""},
		{"2026-05-05", 75_000, ""}, // tomorrow: somebody is ahead of the firm's zone
		{"2026-05-06", 75_000, "date"},
		{"2000-01-01", 75_000, ""},
		{"1999-12-31", 75_000, "date"},
		{"", 0, "date hours"},
		{today, 2_499, "hours hours"},
		{today, 240_100, "hours"},
		{today, -75_000, "hours"},
		{today, 10_050, "hours"},
	} {
		var f Faults
		(&Timesheet{Date: c.date, Hours: c.hours}).Check(&f, today)
		if got := strings.Join(brokenFields(t, f.Err("")), " "); got != c.want {
			t.Errorf("%q %s: %q, want %q", c.date, c.hours, got, c.want)
		}
	}
}

func TestPasswords(t *testing.T) {
	t.Parallel()
	hash := HashPassword("pāssword")
	if !strings.HasPrefix(hash, "$argon2id$v=19$m=19456,t=2,p=1$") || HashPassword("pāssword") == hash {
		t.Errorf("hashed as %s", hash)
	}
	const (
		// Reference vectors: bcrypt of "U*U" from the original implementation, and
		// argon2id with other costs made by the reference program.
		oldForm = "$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW"
		cheaper = "$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc"
	)
	for _, c := range []struct {
		hash, password    string
		matches, outdated bool
	}{
		{hash, "pāssword", true, false},
		{hash, "password", false, false},
		{hash, "", false, false},
		{oldForm, "U*U", true, true},
		{oldForm, "U*V", false, true},
		{cheaper, "password", true, true},
		{cheaper, "Password", false, true},
		{"", "", false, false},
		{"plain", "plain", false, false},
		{"$argon2id$v=19$m=19456,t=2,p=1$c29tZXNhbHQ$", "", false, false},
		{"$argon2id$v=19$m=4194304,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc", "password", false, false}, // 4 GiB of memory
		{"$argon2id$v=19$m=19456,t=0,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc", "password", false, false},
		{"$argon2id$v=19$m=19456,t=2,p=1$!$!", "password", false, false},
		{hash, strings.Repeat("x", 1<<20), false, false},
	} {
		if matches, outdated := PasswordMatches(c.hash, c.password); matches != c.matches || outdated != c.outdated {
			t.Errorf("%.40s and %.20q: %v, %v; want %v, %v", c.hash, c.password, matches, outdated, c.matches, c.outdated)
		}
	}
	for password, ok := range map[string]bool{"1234567": false, "12345678": true, "ā234567": false, strings.Repeat("x", 257): false} {
		if err := CheckPassword("password", password); (err == nil) != ok {
			t.Errorf("%.20q: %v", password, err)
		}
	}
}
