package paperwork

import (
	"context"
	"errors"
	"sync"

	"ampedfieldops/internal/blob"
	"ampedfieldops/internal/fieldops"
)

// Places opens the places that the firm's settings name. They may change at any
// time, in any process: they are read anew for every file.
type Places struct {
	// Read reads the storage in force, its secrets open.
	Read func(ctx context.Context) (fieldops.Storage, error)
	// DriveToken gives an access token for Google Drive; renew, unless "", is the
	// one that was refused.
	DriveToken func(ctx context.Context, renew string) (string, error)
	// DriveURL and DriveUploadURL are Google's unless set.
	DriveURL, DriveUploadURL string

	mu    sync.Mutex
	s3    fieldops.S3Storage
	s3is  *blob.S3
	drive fieldops.DriveStorage
	drv   *blob.Drive
}

// Current is the place where new files are kept, and its store: nil of the folder,
// and of a place that cannot be opened as it is set up.
func (p *Places) Current(ctx context.Context) (fieldops.StoragePlace, blob.Store, error) {
	s, err := p.Read(ctx)
	if err != nil || s.Place == fieldops.PlaceLocal {
		return fieldops.PlaceLocal, nil, err
	}
	in, err := p.open(s, s.Place)
	if err != nil {
		return s.Place, nil, nil //nolint:nilerr // files stay in the folder until it is set up rightly
	}
	return s.Place, in, nil
}

// Open opens a place other than the folder.
func (p *Places) Open(ctx context.Context, place fieldops.StoragePlace) (blob.Store, error) {
	s, err := p.Read(ctx)
	if err != nil {
		return nil, err
	}
	return p.open(s, place)
}

func (p *Places) open(s fieldops.Storage, place fieldops.StoragePlace) (blob.Store, error) {
	s.Place = place
	var f fieldops.Faults
	s.Check(&f)
	if len(f) > 0 {
		return nil, fieldops.Refuse(fieldops.Unavailable, "The file is kept in %s, which is not set up here. An admin must enter its settings.", place.Label())
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if place == fieldops.PlaceS3 {
		if p.s3is == nil || p.s3 != s.S3 {
			opened, err := openS3(s.S3)
			if err != nil {
				return nil, err
			}
			if p.s3is != nil {
				_ = p.s3is.Close() // lets go of idle connections; it has no other
			}
			p.s3, p.s3is = s.S3, opened
		}
		return p.s3is, nil
	}
	if p.drv == nil || p.drive != s.Drive {
		p.drive, p.drv = s.Drive, p.openDrive(s.Drive)
	}
	return p.drv, nil
}

// openS3 opens a bucket as it is described.
func openS3(s fieldops.S3Storage) (*blob.S3, error) {
	return blob.OpenS3(blob.S3Config{
		Bucket: s.Bucket, Region: s.Region, AccessKeyID: s.AccessKeyID, SecretAccessKey: s.SecretAccessKey,
		Endpoint: s.Endpoint, Prefix: s.Prefix, LinkBase: s.LinkBase,
	})
}

// openDrive opens a folder in Google Drive as it is described, with the access that
// the firm has.
func (p *Places) openDrive(d fieldops.DriveStorage) *blob.Drive {
	return blob.OpenDrive(blob.DriveConfig{
		FolderID: d.FolderID, APIURL: p.DriveURL, UploadURL: p.DriveUploadURL,
		Token: func(ctx context.Context) (string, error) { return p.DriveToken(ctx, "") },
		Renew: func(ctx context.Context, stale string) (string, error) {
			if stale == "" {
				return "", errors.New("no access token was refused")
			}
			return p.DriveToken(ctx, stale)
		},
	})
}
