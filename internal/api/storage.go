package api

import (
	"errors"
	"net/http"
	"net/url"
	"strings"

	"ampedfieldops/internal/fieldops"
	"ampedfieldops/internal/store"
)

// storageAnswer says where files are kept, under the names that existing clients
// know. Of secrets it shows the ends of one and nothing of the others.
type storageAnswer struct {
	Driver               fieldops.StoragePlace `json:"driver" enum:"local,s3,google-drive"`
	BasePath             string                `json:"basePath"`
	S3Bucket             string                `json:"s3Bucket"`
	S3Region             string                `json:"s3Region"`
	S3AccessKeyID        string                `json:"s3AccessKeyId"`
	S3SecretAccessKey    string                `json:"s3SecretAccessKey" doc:"Stars, when there is one"`
	S3Endpoint           string                `json:"s3Endpoint"`
	S3LinkBase           string                `json:"s3LinkBase"`
	GoogleDriveFolderID  string                `json:"googleDriveFolderId"`
	GoogleDriveClientID  string                `json:"googleDriveClientId"`
	GoogleDriveSecretSet bool                  `json:"googleDriveClientSecretSet"`
	GoogleDriveRedirect  string                `json:"googleDriveRedirectUri"`
	GoogleDriveConnected bool                  `json:"googleDriveConnected"`
	FromEnvironment      bool                  `json:"from_environment" doc:"The settings say nothing: the program's environment decides"`
	Uses                 []store.StorageUse    `json:"uses"`
}

func (a *api) getStorage(r *request, _ *nothing) (storageAnswer, error) {
	ctx := r.Context()
	settings, err := a.DB.Settings(ctx)
	if err != nil {
		return storageAnswer{}, err
	}
	now, err := a.Storages.Read(ctx)
	if err != nil {
		return storageAnswer{}, err
	}
	connected, err := a.Storages.Connected(ctx)
	if err != nil {
		return storageAnswer{}, err
	}
	uses, err := a.DB.StorageUses(ctx)
	secret := ""
	if now.S3.SecretAccessKey != "" {
		secret = strings.Repeat("*", 8)
	}
	return storageAnswer{
		Driver: now.Place, BasePath: now.S3.Prefix,
		S3Bucket: now.S3.Bucket, S3Region: now.S3.Region, S3AccessKeyID: fieldops.Masked(now.S3.AccessKeyID), S3SecretAccessKey: secret,
		S3Endpoint: now.S3.Endpoint, S3LinkBase: now.S3.LinkBase,
		GoogleDriveFolderID: now.Drive.FolderID, GoogleDriveClientID: now.Drive.ClientID, GoogleDriveSecretSet: now.Drive.ClientSecret != "",
		GoogleDriveRedirect: now.Drive.RedirectURI, GoogleDriveConnected: connected,
		FromEnvironment: settings.Storage.Place == "", Uses: uses,
	}, err
}

// storageInput describes a place. A secret that is absent, empty or stars stays as
// it is.
type storageInput struct {
	Body struct {
		Driver              string `json:"driver" doc:"local, s3 or google-drive"`
		BasePath            string `json:"basePath,omitempty"`
		S3Bucket            string `json:"s3Bucket,omitempty"`
		S3Region            string `json:"s3Region,omitempty"`
		S3AccessKeyID       string `json:"s3AccessKeyId,omitempty"`
		S3SecretAccessKey   string `json:"s3SecretAccessKey,omitempty"`
		S3Endpoint          string `json:"s3Endpoint,omitempty"`
		S3LinkBase          string `json:"s3LinkBase,omitempty"`
		GoogleDriveFolderID string `json:"googleDriveFolderId,omitempty"`
		GoogleDriveClientID string `json:"googleDriveClientId,omitempty"`
		GoogleDriveSecret   string `json:"googleDriveClientSecret,omitempty"`
	}
}

// storage is the place that the input describes, its kept secrets filled in.
func (a *api) storageOf(r *request, in *storageInput) (fieldops.Storage, error) {
	now, err := a.Storages.Read(r.Context())
	if err != nil {
		return now, err
	}
	kept := func(sent, known string) string {
		if sent == "" || strings.Contains(sent, "**") {
			return known
		}
		return strings.TrimSpace(sent)
	}
	b := &in.Body
	s := fieldops.Storage{
		Place: fieldops.StoragePlace(b.Driver),
		S3: fieldops.S3Storage{
			Bucket: strings.TrimSpace(b.S3Bucket), Region: strings.TrimSpace(b.S3Region), Endpoint: strings.TrimSpace(b.S3Endpoint), LinkBase: strings.TrimSpace(b.S3LinkBase),
			Prefix: strings.TrimSpace(b.BasePath), AccessKeyID: kept(b.S3AccessKeyID, now.S3.AccessKeyID), SecretAccessKey: kept(b.S3SecretAccessKey, now.S3.SecretAccessKey),
		},
		Drive: fieldops.DriveStorage{
			FolderID: strings.TrimSpace(b.GoogleDriveFolderID), ClientID: kept(b.GoogleDriveClientID, now.Drive.ClientID),
			ClientSecret: kept(b.GoogleDriveSecret, now.Drive.ClientSecret), RedirectURI: now.Drive.RedirectURI,
		},
	}
	if s.Place == "" {
		return s, fieldops.Faults{{Field: "driver", Message: "The storage must be local, s3 or google-drive"}}.Err("")
	}
	var f fieldops.Faults
	s.Check(&f)
	refusal := f.Err("")
	if e, ok := errors.AsType[*fieldops.Error](refusal); ok {
		missing := make([]string, len(f))
		for i := range f {
			missing[i] = f[i].Field
		}
		e.Details = map[string]any{"missing": missing}
	}
	return s, refusal
}

type tryAnswer struct {
	Success bool   `json:"success"`
	Message string `json:"message"`
}

// tryStorage puts a small file there, reads it back and removes it.
func (a *api) tryStorage(r *request, in *storageInput) (tryAnswer, error) {
	s, err := a.storageOf(r, in)
	if err != nil {
		return tryAnswer{}, err
	}
	answer := tryAnswer{true, "A file was kept in " + s.Place.Label() + ", read back and removed"}
	if fault := a.Files.TryStorage(r.Context(), s); fault != nil { // which is the answer
		answer = tryAnswer{false, fault.Error()}
	}
	return answer, nil
}

// updateStorage has new files kept in another place, after it was tried. What lies
// elsewhere stays there.
func (a *api) updateStorage(r *request, in *storageInput) (message, error) {
	s, err := a.storageOf(r, in)
	if err != nil {
		return message{}, err
	}
	if err := a.Files.TryStorage(r.Context(), s); err != nil {
		return message{}, fieldops.Refuse(fieldops.Invalid, "Nothing was changed, because %s cannot be used: %v", s.Place.Label(), err)
	}
	b := &in.Body
	values := map[string]string{fieldops.SettingStorage: b.Driver}
	secret := func(key, sent string) {
		if sent != "" && !strings.Contains(sent, "**") {
			values[key] = a.Sealer.Seal(strings.TrimSpace(sent))
		}
	}
	switch s.Place {
	case fieldops.PlaceS3:
		values[fieldops.SettingS3Bucket], values[fieldops.SettingS3Region], values[fieldops.SettingS3Endpoint] = s.S3.Bucket, s.S3.Region, s.S3.Endpoint
		values[fieldops.SettingStoragePrefix], values[fieldops.SettingS3LinkBase] = s.S3.Prefix, s.S3.LinkBase
		values[fieldops.SettingS3KeyID], values[fieldops.SettingS3Secret] = a.Sealer.Seal(s.S3.AccessKeyID), a.Sealer.Seal(s.S3.SecretAccessKey)
	case fieldops.PlaceDrive:
		values[fieldops.SettingDriveFolder], values[fieldops.SettingDriveClientID] = s.Drive.FolderID, s.Drive.ClientID
		secret(fieldops.SettingDriveClientSecret, b.GoogleDriveSecret)
	}
	ctx := r.Context()
	err = a.DB.Write(ctx, r.Actor, func(tx *store.Tx) error {
		for _, key := range fieldops.SettingKeys { // in their order
			if value, ok := values[key.Key]; ok {
				if err := tx.SetSetting(ctx, key.Key, value); err != nil {
					return err
				}
			}
		}
		return nil
	})
	return message{"Storage configuration updated successfully"}, err
}

type tryS3Input struct {
	Body struct {
		AccessKeyID     string `json:"accessKeyId"`
		SecretAccessKey string `json:"secretAccessKey"`
		Region          string `json:"region,omitempty"`
		Bucket          string `json:"bucket"`
	}
}

func (a *api) tryS3(r *request, in *tryS3Input) (message, error) {
	s := fieldops.Storage{Place: fieldops.PlaceS3, S3: fieldops.S3Storage{
		AccessKeyID: in.Body.AccessKeyID, SecretAccessKey: in.Body.SecretAccessKey, Region: in.Body.Region, Bucket: in.Body.Bucket,
	}}
	var f fieldops.Faults
	s.Check(&f)
	if err := f.Err(""); err != nil {
		return message{}, err
	}
	if err := a.Files.TryStorage(r.Context(), s); err != nil {
		return message{}, fieldops.Refuse(fieldops.Invalid, "%s", err.Error())
	}
	return message{"S3 connection successful"}, nil
}

type driveConsent struct {
	URL         string `json:"url"`
	RedirectURI string `json:"redirectUri"`
}

func (a *api) driveConsent(r *request, _ *nothing) (driveConsent, error) {
	address, err := a.Storages.ConsentURL(r.Context(), r.Actor)
	if err != nil {
		return driveConsent{}, err
	}
	now, err := a.Storages.Read(r.Context())
	return driveConsent{address, now.Drive.RedirectURI}, err
}

// driveCallback is where Google sends the browser back to.
func (a *api) driveCallback(w http.ResponseWriter, r *request) error {
	query := r.URL.Query()
	outcome := url.Values{"tab": {"integrations"}}
	switch {
	case query.Get("error") != "":
		outcome.Set("google_drive_error", short(query.Get("error"), 60))
	case query.Get("code") == "" || query.Get("state") == "":
		outcome.Set("google_drive_error", "Google sent nothing to connect with; please connect again")
	default:
		err := a.Storages.FinishConsent(r.Context(), r.Actor, query.Get("state"), query.Get("code"))
		if err == nil {
			outcome.Set("google_drive_connected", "true")
			break
		}
		outcome.Set("google_drive_error", short(a.notConnected(r, "Google Drive", err), 300))
	}
	http.Redirect(w, r.Request, strings.TrimRight(a.FrontendURL, "/")+"/settings?"+outcome.Encode(), http.StatusSeeOther)
	return nil
}

type driveStatus struct {
	Connected bool `json:"connected"`
}

func (a *api) driveStatus(r *request, _ *nothing) (driveStatus, error) {
	connected, err := a.Storages.Connected(r.Context())
	return driveStatus{connected}, err
}

func (a *api) disconnectDrive(r *request, _ *nothing) (message, error) {
	return message{"Google Drive disconnected"}, a.Storages.Disconnect(r.Context(), r.Actor)
}
