package paperwork

import (
	"context"
	"encoding/json"
	"errors"
	"sync"
	"time"

	"ampedfieldops/internal/blob"
	"ampedfieldops/internal/fieldops"
	"ampedfieldops/internal/store"
)

// Sealer keeps secrets from those who read the database.
type Sealer interface {
	Seal(secret string) string
	Open(sealed string) (string, error)
}

// Storages knows where files are kept: as the settings say or, while they say
// nothing, as the program's environment does.
type Storages struct {
	DB          *store.DB
	Sealer      Sealer
	Environment fieldops.Storage // its secrets open
	// RedirectURI is where Google sends an admin back to, unless the settings or the
	// environment say otherwise.
	RedirectURI string
	// AuthURL and TokenURL are Google's unless set.
	AuthURL, TokenURL string

	renewing sync.Mutex // one renewal at a time
}

// Read is the storage in force, its secrets open.
func (s *Storages) Read(ctx context.Context) (fieldops.Storage, error) {
	settings, err := s.DB.Settings(ctx)
	if err != nil {
		return fieldops.Storage{}, err
	}
	return s.open(settings.Storage)
}

// open merges settings with the environment and unseals them.
func (s *Storages) open(set fieldops.Storage) (fieldops.Storage, error) {
	for _, secret := range []*string{&set.S3.AccessKeyID, &set.S3.SecretAccessKey, &set.Drive.ClientSecret} {
		if *secret == "" {
			continue
		}
		opened, err := s.Sealer.Open(*secret)
		if err != nil {
			return set, err
		}
		*secret = opened
	}
	if set.S3.Bucket == "" { // a bucket and its keys belong together
		set.S3 = s.Environment.S3
	}
	if set.Drive.ClientID == "" {
		folder := set.Drive.FolderID
		set.Drive = s.Environment.Drive
		if folder != "" {
			set.Drive.FolderID = folder
		}
	}
	if set.Drive.RedirectURI == "" {
		set.Drive.RedirectURI = s.RedirectURI
	}
	if set.Place == "" {
		set.Place = s.Environment.Place
	}
	return set, nil
}

func (s *Storages) oauth(d fieldops.DriveStorage) blob.GoogleOAuth {
	return blob.GoogleOAuth{ClientID: d.ClientID, ClientSecret: d.ClientSecret, RedirectURI: d.RedirectURI, AuthURL: s.AuthURL, TokenURL: s.TokenURL}
}

// ConsentURL begins a consent and returns where to send the admin's browser, who
// lets the program keep files in their Google Drive there.
func (s *Storages) ConsentURL(ctx context.Context, actor fieldops.Actor) (string, error) {
	now, err := s.Read(ctx)
	if err != nil {
		return "", err
	}
	if now.Drive.ClientID == "" || now.Drive.ClientSecret == "" {
		return "", fieldops.Refuse(fieldops.Invalid, "Enter the client id and secret of Google's console first")
	}
	state, verifier := fieldops.NewSecret(), blob.NewVerifier()
	err = s.DB.Write(ctx, actor, func(tx *store.Tx) error {
		return tx.BeginConsent(ctx, consentKey(state), s.Sealer.Seal(verifier))
	})
	return s.oauth(now.Drive).ConsentURL(state, verifier), err
}

// consentKey tells a consent of Google's from one of Xero's.
func consentKey(state string) string { return fieldops.HashSecret("google-drive " + state) }

// FinishConsent exchanges the code that Google has sent an admin back with.
func (s *Storages) FinishConsent(ctx context.Context, actor fieldops.Actor, state, code string) error {
	var sealed string
	if err := s.DB.Write(ctx, actor, func(tx *store.Tx) (err error) {
		sealed, actor.UserID, err = tx.EndConsent(ctx, consentKey(state))
		return err
	}); err != nil {
		return err
	}
	verifier, err := s.Sealer.Open(sealed)
	if err != nil {
		return err
	}
	by, err := s.DB.User(ctx, actor.UserID)
	if err != nil {
		return err
	}
	actor.Name = by.Name
	now, err := s.Read(ctx)
	if err != nil {
		return err
	}
	asking, cancel := context.WithTimeout(ctx, renewLease/2)
	defer cancel()
	tokens, err := s.oauth(now.Drive).Exchange(asking, code, verifier)
	if err != nil {
		return fieldops.Refuse(fieldops.Unavailable, "Google did not accept the connection: %v", err)
	}
	if !tokens.Allows() {
		return fieldops.Refuse(fieldops.Invalid, "The box that lets this program keep files in Google Drive was not ticked. Connect again and tick it.")
	}
	if tokens.RefreshToken == "" {
		return fieldops.Refuse(fieldops.Unavailable, "Google gave access for an hour only. Remove this program's access at https://myaccount.google.com/permissions and connect again.")
	}
	return s.keep(ctx, actor, tokens)
}

// Disconnect forgets the access to Google Drive.
func (s *Storages) Disconnect(ctx context.Context, actor fieldops.Actor) error {
	return s.DB.Write(ctx, actor, func(tx *store.Tx) error { return tx.KeepDriveTokens(ctx, "") })
}

// Connected reports whether the program may use a Google Drive.
func (s *Storages) Connected(ctx context.Context) (bool, error) {
	sealed, err := s.DB.SealedSetting(ctx, fieldops.SettingDriveTokens)
	return sealed != "", err
}

// driveTokens are what is kept of the access, under the names that the former
// product gave them.
type driveTokens struct {
	AccessToken  string `json:"access_token"`
	RefreshToken string `json:"refresh_token"`
	ExpiryDate   int64  `json:"expiry_date"` // Unix milliseconds
	Scope        string `json:"scope"`
	TokenType    string `json:"token_type"`
}

func (s *Storages) keep(ctx context.Context, actor fieldops.Actor, t blob.Tokens) error {
	text, err := json.Marshal(driveTokens{t.AccessToken, t.RefreshToken, t.ExpiresAt.UnixMilli(), t.Scope, "Bearer"})
	if err != nil {
		return err
	}
	return s.DB.Write(ctx, actor, func(tx *store.Tx) error {
		return tx.KeepDriveTokens(ctx, s.Sealer.Seal(string(text)))
	})
}

func (s *Storages) tokens(ctx context.Context) (t driveTokens, err error) {
	sealed, err := s.DB.SealedSetting(ctx, fieldops.SettingDriveTokens)
	if err != nil {
		return t, err
	}
	if sealed == "" {
		return t, errNotConnected()
	}
	text, err := s.Sealer.Open(sealed)
	if err != nil {
		return t, err
	}
	return t, json.Unmarshal([]byte(text), &t)
}

func errNotConnected() error {
	return fieldops.Refuse(fieldops.Unavailable, "Google Drive is not connected. An admin connects it in the settings.")
}

const (
	// renewBefore is how long before its end a token is renewed.
	renewBefore = 2 * time.Minute
	// renewLease is above what Google takes to answer.
	renewLease = time.Minute
)

// DriveToken is an access token for Google Drive. renew, unless "", is one that
// Google has refused. Of several processes one renews it, and the others wait for
// that.
func (s *Storages) DriveToken(ctx context.Context, renew string) (string, error) {
	good := func(t driveTokens) bool {
		return t.AccessToken != "" && t.AccessToken != renew && time.Now().Add(renewBefore).UnixMilli() < t.ExpiryDate
	}
	t, err := s.tokens(ctx)
	if err != nil || good(t) {
		return t.AccessToken, err
	}
	s.renewing.Lock()
	defer s.renewing.Unlock()
	for {
		if t, err = s.tokens(ctx); err != nil || good(t) {
			return t.AccessToken, err
		}
		mine := false
		err := s.DB.InTurn(ctx, "google-drive", renewLease, func(func() error) error {
			mine = true
			if t, err = s.tokens(ctx); err != nil || good(t) {
				return err
			}
			now, err := s.Read(ctx)
			if err != nil {
				return err
			}
			fresh, err := s.oauth(now.Drive).Refresh(ctx, t.RefreshToken)
			if err != nil {
				return err
			}
			if fresh.RefreshToken == "" { // Google gives one only with a consent
				fresh.RefreshToken = t.RefreshToken
			}
			t.AccessToken = fresh.AccessToken
			return s.keep(ctx, fieldops.System, fresh)
		})
		if err != nil || mine {
			return t.AccessToken, err
		}
		select {
		case <-ctx.Done():
			return "", errors.Join(errors.New("waiting for another process to renew the access to Google Drive"), ctx.Err())
		case <-time.After(200 * time.Millisecond):
		}
	}
}
