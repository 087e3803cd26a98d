package api

import (
	"strings"

	"ampedfieldops/internal/fieldops"
	"ampedfieldops/internal/store"
)

type setupStatusAnswer struct {
	Completed bool   `json:"completed"`
	Step      int    `json:"step"`
	Message   string `json:"message,omitempty"`
}

func (a *api) setupStatus(r *request, _ *nothing) (setupStatusAnswer, error) {
	users, err := a.DB.CountUsers(r.Context())
	if err != nil || users > 0 {
		return setupStatusAnswer{Completed: true, Step: 4}, err
	}
	return setupStatusAnswer{Step: 1, Message: "Open the link that the program printed when it started."}, nil
}

type defaultAdminAnswer struct {
	HasDefaultAdmin bool `json:"hasDefaultAdmin"`
}

func (a *api) defaultAdminStatus(*request, *nothing) (defaultAdminAnswer, error) {
	return defaultAdminAnswer{}, nil
}

func (a *api) deleteDefaultAdmin(*request, *nothing) (message, error) {
	return message{}, fieldops.Refuse(fieldops.Invalid, "There is no default admin")
}

type setUpAdminInput struct {
	Body struct {
		Token       string `json:"token"`
		Email       string `json:"email" format:"email"`
		Password    string `json:"password" minLength:"8"`
		Name        string `json:"name"`
		CompanyName string `json:"company_name,omitempty"`
		Timezone    string `json:"timezone,omitempty"`
	}
}

type setUpAnswer struct {
	loginAnswer
	Completed bool `json:"completed"`
}

func (a *api) setUpAdmin(r *request, in *setUpAdminInput) (setUpAnswer, error) {
	b := &in.Body
	ctx := r.Context()
	if users, err := a.DB.CountUsers(ctx); err != nil || users > 0 {
		if err == nil {
			err = fieldops.Refuse(fieldops.Conflict, "This installation has been set up already. Sign in, or ask an admin for an invitation.")
		}
		return setUpAnswer{}, err
	}
	u := fieldops.User{Email: strings.TrimSpace(b.Email), Name: strings.TrimSpace(b.Name), Role: fieldops.RoleAdmin}
	var f fieldops.Faults
	f.Require(b.Token != "", "token", "Token is required: it stands in the link that the program printed when it started")
	f.Take(u.Check())
	f.Take(fieldops.CheckPassword("password", b.Password))
	company := companySettings(b.CompanyName, b.Timezone)
	for key, value := range company {
		f.Take(fieldops.CheckSetting(key, value))
	}
	if err := f.Err(""); err != nil {
		return setUpAnswer{}, err
	}
	if err := a.throttle(r, "setup ip "+r.Actor.IP, setupPerIP); err != nil {
		return setUpAnswer{}, err
	}
	u.PasswordHash = fieldops.HashPassword(b.Password)
	err := a.DB.Write(ctx, r.Actor, func(tx *store.Tx) error {
		if err := tx.SetUp(ctx, b.Token, &u); err != nil {
			return err
		}
		tx.Actor.UserID, tx.Actor.Name = u.ID, u.Name
		return setAll(r, tx, company)
	})
	if err != nil {
		return setUpAnswer{}, err
	}
	if u, err = a.DB.User(ctx, u.ID); err != nil {
		return setUpAnswer{}, err
	}
	in2, err := a.beginSession(r, u)
	return setUpAnswer{in2, true}, err
}

// companySettings are the settings that setting up asks for.
func companySettings(name, timezone string) map[string]string {
	settings := map[string]string{}
	if name = strings.TrimSpace(name); name != "" {
		settings["company_name"] = name
	}
	if timezone = strings.TrimSpace(timezone); timezone != "" {
		settings["timezone"] = timezone
	}
	return settings
}

func setAll(r *request, tx *store.Tx, settings map[string]string) error {
	for key, value := range settings {
		if err := tx.SetSetting(r.Context(), key, value); err != nil {
			return err
		}
	}
	return nil
}

type setUpCompanyInput struct {
	Body struct {
		CompanyName string `json:"company_name"`
		Timezone    string `json:"timezone,omitempty"`
	}
}

type setUpStepAnswer struct {
	Message string `json:"message"`
	Step    int    `json:"step,omitempty"`
}

func (a *api) setUpCompany(r *request, in *setUpCompanyInput) (setUpStepAnswer, error) {
	var f fieldops.Faults
	f.Require(strings.TrimSpace(in.Body.CompanyName) != "", "company_name", "Company name is required")
	if err := f.Err(""); err != nil {
		return setUpStepAnswer{}, err
	}
	err := a.DB.Write(r.Context(), r.Actor, func(tx *store.Tx) error {
		return setAll(r, tx, companySettings(in.Body.CompanyName, in.Body.Timezone))
	})
	return setUpStepAnswer{"Company settings saved", 3}, err
}

type setUpClientInput struct {
	Body struct {
		Name        string  `json:"name"`
		ContactName *string `json:"contact_name,omitempty"`
		Email       *string `json:"email,omitempty"`
		Phone       *string `json:"phone,omitempty"`
		Address     *string `json:"address,omitempty"`
	}
}

func (a *api) setUpClient(r *request, in *setUpClientInput) (fieldops.Client, error) {
	b := &in.Body
	c := fieldops.Client{Name: strings.TrimSpace(b.Name), ContactName: text(b.ContactName), Email: text(b.Email), Phone: text(b.Phone), Address: text(b.Address)}
	err := a.DB.Write(r.Context(), r.Actor, func(tx *store.Tx) error { return tx.InsertClient(r.Context(), &c) })
	return c, err
}

func (a *api) completeSetup(*request, *nothing) (message, error) {
	return message{"Setup completed"}, nil
}

type brandingAnswer struct {
	CompanyName    string  `json:"company_name"`
	CompanyLogo    *string `json:"company_logo"`
	CompanyFavicon *string `json:"company_favicon"`
}

func (a *api) branding(r *request, _ *nothing) (brandingAnswer, error) {
	settings, err := a.DB.Settings(r.Context())
	logo, favicon := settings.Logo, settings.Favicon
	return brandingAnswer{settings.CompanyName, text(&logo), text(&favicon)}, err
}
