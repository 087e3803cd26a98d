package api

import (
	"encoding/json"

	"ampedfieldops/internal/fieldops"
	"ampedfieldops/internal/store"
)

// openSettings are what everybody's screens need.
var openSettings = []string{"company_name", "timezone", "currency"}

// listSettings are all settings for those who may change them or see money, and
// the open ones for everybody else.
func (a *api) listSettings(r *request, _ *nothing) (map[string]string, error) {
	values, err := a.DB.SettingValues(r.Context())
	if err != nil || r.User.May(fieldops.CanManageSettings) || r.seesMoney() {
		return values, err
	}
	open := make(map[string]string, len(openSettings))
	for _, key := range openSettings {
		open[key] = values[key]
	}
	return open, nil
}

type updateSettingInput struct {
	Key  string `path:"key"`
	Body struct {
		Value settingText `json:"value"`
		// Global is sent by existing clients. Every setting is the firm's.
		Global bool `json:"global,omitempty"`
	}
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
}

func (a *api) updateSetting(r *request, in *updateSettingInput) (settingAnswer, error) {
	ctx := r.Context()
	answer := settingAnswer{in.Key, string(in.Body.Value)}
	err := a.DB.Write(ctx, r.Actor, func(tx *store.Tx) error { return tx.SetSetting(ctx, answer.Key, answer.Value) })
	return answer, err
}

type listAuditEntriesInput struct {
	UserID     fieldops.ID `query:"user_id" format:"uuid"`
	Action     string      `query:"action"`
	EntityType string      `query:"entity_type"`
	EntityID   fieldops.ID `query:"entity_id" format:"uuid"`
	Limit      int         `query:"limit" default:"50" doc:"At most 500"`
	Offset     int         `query:"offset"`
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
	var err error
	answer.Logs, answer.Total, err = a.DB.AuditEntries(r.Context(), store.AuditFilter{
		UserID: in.UserID, Action: in.Action, EntityType: in.EntityType, EntityID: in.EntityID, Limit: answer.Limit, Offset: answer.Offset,
	})
	return answer, err
}
