package api

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"ampedfieldops/internal/fieldops"
	"ampedfieldops/internal/paperwork"
	"ampedfieldops/internal/store"
)

// openSettings are what everybody's screens need.
var openSettings = []string{"company_name", "company_logo", "company_favicon", "timezone", "currency"}

// listSettings are all settings for those who may change them or see money, and
// the open ones for everybody else; those of the person's own follow as
// user_ and their key.
func (a *api) listSettings(r *request, _ *nothing) (map[string]string, error) {
	own, err := a.DB.UserSettings(r.Context(), r.User.ID)
	if err != nil {
		return nil, err
	}
	values, err := a.DB.SettingValues(r.Context())
	if err != nil {
		return nil, err
	}
	shown := map[string]string{}
	for key, value := range values {
		if r.seesSetting(key) {
			shown[key] = value
		}
	}
	for key, value := range own {
		shown["user_"+key] = value
	}
	return shown, nil
}

// seesSetting reports whether one of the firm's settings is for the person's
// eyes. How mail is sent and where files lie is for those who may change it.
func (r *request) seesSetting(key string) bool {
	return slices.Contains(openSettings, key) || r.User.May(fieldops.CanManageSettings) || r.seesMoney() && !strings.HasPrefix(key, "smtp_") && !strings.HasPrefix(key, "storage_") && !strings.HasPrefix(key, "google_")
}

// settingText is a setting's value: a text, or a number or truth value as text.
type settingText string

// UnmarshalJSON reads a text, a number, true or false.
func (t *settingText) UnmarshalJSON(b []byte) error {
	var s string
	switch {
	case json.Unmarshal(b, &s) == nil:
		*t = settingText(s)
	case b[0] == '{' || b[0] == '[':
		return fieldops.Refuse(fieldops.Invalid, "must be a text or a number")
	default:
		*t = settingText(b)
	}
	return nil
}

type settingAnswer struct {
	Key   string `json:"key"`
	Value string `json:"value"`
	IsSet bool   `json:"is_set,omitempty" doc:"Of a secret, whose value is never told"`
}

type settingInput struct {
	Key string `path:"key"`
}

func (a *api) getSetting(r *request, in *settingInput) (settingAnswer, error) {
	own, err := a.DB.UserSettings(r.Context(), r.User.ID)
	if err != nil {
		return settingAnswer{}, err
	}
	if value, ok := own[in.Key]; ok {
		return settingAnswer{Key: in.Key, Value: value}, nil
	}
	if !fieldops.IsSetting(in.Key) {
		return settingAnswer{}, fieldops.Refuse(fieldops.NotFound, "Setting not found")
	}
	if !r.seesSetting(in.Key) {
		return settingAnswer{}, fieldops.Refuse(fieldops.Forbidden, "Permission denied")
	}
	values, err := a.DB.SettingValues(r.Context())
	return settingAnswer{in.Key, values[in.Key], values[in.Key+"_set"] == "true"}, err
}

type updateSettingInput struct {
	Key  string `path:"key"`
	Body struct {
		Value  settingText `json:"value"`
		Global *bool       `json:"global,omitempty" doc:"true: the firm's, false: mine. Absent: the firm's, if it has one of that key"`
	}
}

func (a *api) updateSetting(r *request, in *updateSettingInput) (settingAnswer, error) {
	one := []keyValue{{in.Key, in.Body.Value}}
	if err := a.changeSettings(r, one, in.Body.Global); err != nil {
		return settingAnswer{}, err
	}
	if fieldops.IsSecret(in.Key) {
		return settingAnswer{Key: in.Key, IsSet: in.Body.Value != ""}, nil
	}
	return settingAnswer{Key: in.Key, Value: string(in.Body.Value)}, nil
}

type keyValue struct {
	Key   string      `json:"key"`
	Value settingText `json:"value"`
}

type updateSettingsInput struct {
	Body struct {
		Settings []keyValue `json:"settings"`
		Global   *bool      `json:"global,omitempty"`
	}
}

type settingsAnswer struct {
	Message string `json:"message"`
	Count   int    `json:"count"`
}

func (a *api) updateSettings(r *request, in *updateSettingsInput) (settingsAnswer, error) {
	if in.Body.Settings == nil {
		return settingsAnswer{}, fieldops.Refuse(fieldops.Invalid, "Settings must be an array")
	}
	err := a.changeSettings(r, in.Body.Settings, in.Body.Global)
	return settingsAnswer{"Settings updated", len(in.Body.Settings)}, err
}

// changeSettings changes all of them or none. The wish is whose they are: the
// firm's, the person's own, or nil where the key decides.
func (a *api) changeSettings(r *request, settings []keyValue, global *bool) error {
	var f fieldops.Faults
	ofFirm := make([]bool, len(settings))
	for i, s := range settings {
		ofFirm[i] = global != nil && *global || global == nil && fieldops.IsSetting(s.Key)
		switch {
		case !ofFirm[i]:
			f.Take(fieldops.CheckUserSetting(s.Key, string(s.Value)))
		case !r.User.May(fieldops.CanManageSettings):
			return fieldops.Refuse(fieldops.Forbidden, "Permission denied")
		case !fieldops.IsSetting(s.Key):
			return fieldops.Refuse(fieldops.NotFound, "Setting not found")
		default:
			f.Take(fieldops.CheckSetting(s.Key, string(s.Value)))
		}
	}
	if err := f.Err(""); err != nil {
		return err
	}
	ctx := r.Context()
	return a.DB.Write(ctx, r.Actor, func(tx *store.Tx) error {
		for i, s := range settings {
			value := string(s.Value)
			if !ofFirm[i] {
				if err := tx.SetUserSetting(ctx, r.User.ID, s.Key, value); err != nil {
					return err
				}
				continue
			}
			if fieldops.IsSecret(s.Key) && value != "" {
				value = a.Sealer.Seal(value)
			}
			if err := tx.SetSetting(ctx, s.Key, value); err != nil {
				return err
			}
		}
		return nil
	})
}

type deleteSettingInput struct {
	Key    string `path:"key"`
	Global bool   `query:"global"`
}

func (a *api) deleteSetting(r *request, in *deleteSettingInput) (message, error) {
	if in.Global && !r.User.May(fieldops.CanManageSettings) {
		return message{}, fieldops.Refuse(fieldops.Forbidden, "Permission denied")
	}
	err := a.DB.Write(r.Context(), r.Actor, func(tx *store.Tx) error {
		if in.Global {
			return tx.ResetSetting(r.Context(), in.Key)
		}
		return tx.DeleteUserSetting(r.Context(), r.User.ID, in.Key)
	})
	return message{"Setting deleted"}, err
}

func (a *api) settingsSchema(*request, *nothing) ([]fieldops.SettingWords, error) {
	return fieldops.SettingsPage(), nil
}

type testMailInput struct {
	Body struct {
		Email string `json:"email" format:"email"`
	}
}

func (a *api) testMail(r *request, in *testMailInput) (message, error) {
	m := fieldops.Mail{Kind: fieldops.MailTest, Recipient: strings.TrimSpace(in.Body.Email), Subject: "A test"}
	err := a.Post.SendNow(r.Context(), r.Actor, &m)
	return message{"Test email sent to " + m.Recipient}, err
}

type logoAnswer struct {
	LogoURL string `json:"logo_url"`
}

type faviconAnswer struct {
	FaviconURL string `json:"favicon_url"`
}

func (a *api) uploadLogo(w http.ResponseWriter, r *request) error {
	url, err := a.keepPicture(w, r, paperwork.Logo, paperwork.MaxLogoBytes)
	if err != nil {
		return err
	}
	return writeJSON(w, http.StatusOK, logoAnswer{url})
}

func (a *api) uploadFavicon(w http.ResponseWriter, r *request) error {
	url, err := a.keepPicture(w, r, paperwork.Favicon, paperwork.MaxFaviconBytes)
	if err != nil {
		return err
	}
	return writeJSON(w, http.StatusOK, faviconAnswer{url})
}

// keepPicture reads the one file of a form, and has it kept and named by its setting.
func (a *api) keepPicture(w http.ResponseWriter, r *request, which paperwork.Picture, limit int64) (string, error) {
	const tooLarge = "The picture is too large"
	r.Body = http.MaxBytesReader(w, r.Body, limit+64<<10)
	form, err := r.MultipartReader()
	if err != nil {
		return "", fieldops.Refuse(fieldops.Invalid, "The request must be a form with a file %q", which)
	}
	for {
		part, err := form.NextPart()
		if errors.Is(err, io.EOF) {
			return "", fieldops.Refuse(fieldops.Invalid, "The request must be a form with a file %q", which)
		}
		if err != nil {
			return "", bodyError(err, tooLarge)
		}
		if part.FormName() != string(which) {
			continue
		}
		return a.Pictures.Keep(r.Context(), r.Actor, which, bodyReader{part, tooLarge})
	}
}

func documentPicture(name string) func(huma.Registry, *huma.Operation) {
	return func(_ huma.Registry, op *huma.Operation) {
		op.RequestBody = &huma.RequestBody{Required: true, Content: map[string]*huma.MediaType{"multipart/form-data": {Schema: &huma.Schema{
			Type: huma.TypeObject, Properties: map[string]*huma.Schema{name: {Type: huma.TypeString, Format: "binary"}},
		}}}}
	}
}

// brandingPicture serves the picture that the settings name now. An address
// with its version may be kept for good, because another picture has another.
func (a *api) brandingPicture(w http.ResponseWriter, r *request) error {
	settings, err := a.DB.Settings(r.Context())
	if err != nil {
		return err
	}
	url, known := map[string]string{"logo": settings.Logo, "favicon": settings.Favicon}[r.PathValue("picture")]
	if !known || url == "" {
		return fieldops.Refuse(fieldops.NotFound, "There is no such picture")
	}
	content, contentType, err := a.Pictures.Open(r.Context(), url)
	if err != nil {
		return err
	}
	w.Header().Set("Content-Type", contentType)
	w.Header().Set("Content-Security-Policy", "default-src 'none'")
	w.Header().Set("Cache-Control", "no-cache")
	if _, version, _ := strings.Cut(url, "?v="); r.URL.Query().Get("v") == version {
		w.Header().Set("Cache-Control", "public, max-age=31536000, immutable")
	}
	_, _ = w.Write(content) // the client is gone: there is nobody to tell
	return nil
}

func (a *api) listLogos(r *request, _ *nothing) ([]paperwork.KeptPicture, error) {
	return a.Pictures.List(r.Context())
}

type logoInput struct {
	Name string `path:"filename"`
}

// deleteLogo has a logo or favicon go; when it is in use, there is none in its place.
func (a *api) deleteLogo(r *request, in *logoInput) (message, error) {
	return message{"Logo deleted"}, a.Pictures.Delete(r.Context(), r.Actor, in.Name)
}

type listAuditEntriesInput struct {
	UserID     fieldops.ID   `query:"user_id" format:"uuid"`
	Action     string        `query:"action"`
	EntityType string        `query:"entity_type"`
	EntityID   fieldops.ID   `query:"entity_id" format:"uuid"`
	DateFrom   fieldops.Date `query:"date_from" doc:"In the firm's time zone"`
	DateTo     fieldops.Date `query:"date_to" doc:"Included"`
	Actor      string        `query:"actor" doc:"Part of the name of who acted"`
	Q          string        `query:"q" doc:"Part of name, action, kind or details"`
	After      string        `query:"after" doc:"Continues a list; see the Link header of the answer"`
	Limit      int           `query:"limit" default:"50" doc:"At most 500"`
	Offset     int           `query:"offset"`
}

type auditAnswer struct {
	Logs   []store.AuditEntry `json:"logs"`
	Total  int                `json:"total"`
	Limit  int                `json:"limit"`
	Offset int                `json:"offset"`
}

func (a *api) listAuditEntries(r *request, in *listAuditEntriesInput) (auditAnswer, error) {
	answer := auditAnswer{Limit: min(in.Limit, 500), Offset: max(in.Offset, 0)}
	if answer.Limit < 1 {
		answer.Limit = 50
	}
	settings, err := a.DB.Settings(r.Context())
	if err != nil {
		return answer, err
	}
	filter := store.AuditFilter{
		UserID: in.UserID, Action: in.Action, EntityType: in.EntityType, EntityID: in.EntityID, Actor: in.Actor, Text: in.Q,
		Limit: answer.Limit, Offset: answer.Offset,
	}
	if in.DateFrom != "" {
		filter.From = fieldops.At(in.DateFrom.Begins(settings.Timezone))
	}
	if in.DateTo != "" {
		filter.To = fieldops.At(in.DateTo.AddDays(1).Begins(settings.Timezone))
	}
	if in.After != "" {
		at, id, _ := strings.Cut(in.After, "_")
		micros, err := strconv.ParseInt(at, 36, 64)
		last, ok := fieldops.ParseID(id)
		if err != nil || !ok {
			return answer, fieldops.Refuse(fieldops.Invalid, "The cursor is not one that this list gave")
		}
		filter.BeforeTime, filter.Before = fieldops.At(time.UnixMicro(micros)), last
	}
	answer.Logs, answer.Total, err = a.DB.AuditEntries(r.Context(), filter)
	if n := len(answer.Logs); n == answer.Limit {
		last := answer.Logs[n-1]
		r.linkAfter(strconv.FormatInt(last.CreatedAt.UnixMicro(), 36) + "_" + last.ID)
	}
	return answer, err
}
