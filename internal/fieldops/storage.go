package fieldops

import (
	"net/url"
	"regexp"
	"strings"
)

// Storage says where files are kept. Its secrets are open, not sealed.
type Storage struct {
	Place StoragePlace
	S3    S3Storage
	Drive DriveStorage
}

// S3Storage is a bucket of Amazon S3, or of a store that speaks its language.
type S3Storage struct {
	Bucket          string
	Region          string // "" is us-east-1
	AccessKeyID     string
	SecretAccessKey string
	Endpoint        string // "" is Amazon's
	Prefix          string // stands in front of every key
	LinkBase        string // the address under which a CDN gives the bucket out; "" for none
}

// DriveStorage is a folder in somebody's Google Drive.
type DriveStorage struct {
	ClientID     string
	ClientSecret string
	RedirectURI  string
	FolderID     string // "" has a folder made
}

// bucketName is what Amazon lets a bucket be called:
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html.
var bucketName = regexp.MustCompile(`^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$`)

// Check notes what is missing for files to be kept there, by the names of the
// fields that existing clients send.
func (s *Storage) Check(f *Faults) {
	switch s.Place {
	case PlaceLocal:
	case PlaceS3:
		f.Require(bucketName.MatchString(s.S3.Bucket), "s3Bucket", "The bucket must be named, in 3 to 63 lower-case letters, digits, dots and hyphens")
		f.Require(s.S3.AccessKeyID != "", "s3AccessKeyId", "The id of the access key is missing")
		f.Require(s.S3.SecretAccessKey != "", "s3SecretAccessKey", "The secret of the access key is missing")
		f.Require(s.S3.Endpoint == "" || webAddress(s.S3.Endpoint), "s3Endpoint", "The endpoint must be an address that begins with https:// or http://")
		f.Require(s.S3.LinkBase == "" || webAddress(s.S3.LinkBase), "s3LinkBase", "The base of links must be an address that begins with https:// or http://")
	case PlaceDrive:
		f.Require(s.Drive.ClientID != "", "googleDriveClientId", "The client id of Google's console is missing")
		f.Require(s.Drive.ClientSecret != "", "googleDriveClientSecret", "The client secret of Google's console is missing")
	default:
		f.Add("driver", "The storage must be local, s3 or google-drive")
	}
}

var storageKey = regexp.MustCompile(`^[A-Za-z0-9_.-]+(?:/[A-Za-z0-9_.-]+)*/?$`)

func storagePrefix(s string) bool {
	return s == "" || len(s) <= 100 && storageKey.MatchString(s) && !strings.Contains(s, "..")
}

func webAddress(s string) bool {
	u, err := url.Parse(s)
	return err == nil && (u.Scheme == "https" || u.Scheme == "http") && u.Host != "" && u.User == nil && u.RawQuery == "" && u.Fragment == ""
}

// Masked is a key as it may be shown: its ends.
func Masked(secret string) string {
	if len(secret) < 12 {
		return strings.Repeat("*", len(secret))
	}
	return secret[:4] + strings.Repeat("*", 8) + secret[len(secret)-4:]
}
