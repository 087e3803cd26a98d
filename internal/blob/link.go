package blob

import (
	"net/url"
	"slices"
	"strings"
)

// DriveFileID reads the id of a file from a link of Google Drive, in the forms
// /file/d/<id>/view, /open?id=<id> and /uc?id=<id>.
func DriveFileID(link string) (id string, ok bool) {
	u, err := url.Parse(link)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" {
		return "", false
	}
	host := strings.ToLower(u.Hostname())
	if !slices.Contains([]string{"drive.google.com", "docs.google.com", "drive.usercontent.google.com"}, host) {
		return "", false
	}
	segments := strings.Split(strings.Trim(u.Path, "/"), "/")
	if len(segments) > 1 && segments[0] == "a" { // of an account of a firm: /a/<domain>/…
		segments = segments[min(2, len(segments)):]
	}
	switch {
	case len(segments) >= 3 && segments[0] == "file" && segments[1] == "d":
		id = segments[2]
	case len(segments) == 1 && slices.Contains([]string{"open", "uc", "download"}, segments[0]):
		id = u.Query().Get("id")
	}
	return id, isDriveID(id)
}

// isDriveID reports whether something can be an id of Google's, as far as these
// have been seen: letters, digits, - and _.
func isDriveID(id string) bool {
	return len(id) >= 10 && len(id) <= 128 && !strings.ContainsFunc(id, func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9') && r != '-' && r != '_'
	})
}

// S3Key reads the key of an object from a link to a bucket at Amazon, with the
// bucket in the host or in the path. What is after a ? is ignored, as is whether
// the link still works.
func S3Key(link, bucket string) (key string, ok bool) {
	return s3Key(link, bucket, "")
}

// Key reads the key of an object, which is its reference, from a link to the
// bucket: at Amazon, at the configured endpoint, or under LinkBase.
func (s *S3) Key(link string) (key string, ok bool) {
	if s.config.Endpoint != "" {
		if key, ok := s3Key(link, s.config.Bucket, s.core.EndpointURL().Host); ok {
			return key, true
		}
	}
	if s.linkBase != nil {
		if u, err := url.Parse(link); err == nil && strings.EqualFold(u.Host, s.linkBase.Host) {
			return s.keyBelowLinkBase(u)
		}
	}
	return s3Key(link, s.config.Bucket, "")
}

// keyBelowLinkBase reads the path as the bucket's host has it: with the bucket in
// it only where a server of one's own is used.
func (s *S3) keyBelowLinkBase(u *url.URL) (key string, ok bool) {
	key = strings.TrimPrefix(u.Path, "/")
	if s.config.Endpoint != "" {
		key, ok = strings.CutPrefix(key, s.config.Bucket+"/")
		return key, ok && key != ""
	}
	return key, key != ""
}

// s3Key reads a key; host is a server's that is not Amazon's, "" for Amazon's.
func s3Key(link, bucket, host string) (key string, ok bool) {
	u, err := url.Parse(link)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || bucket == "" {
		return "", false
	}
	at := strings.ToLower(u.Host)
	if host == "" {
		at = strings.ToLower(u.Hostname())
	}
	theirs := func(h string) bool {
		if host != "" {
			return h == strings.ToLower(host)
		}
		return isAmazonS3(h)
	}
	rest := strings.TrimPrefix(u.Path, "/")
	if virtual, ok := strings.CutPrefix(at, strings.ToLower(bucket)+"."); ok && theirs(virtual) {
		return rest, rest != ""
	}
	if key, ok := strings.CutPrefix(rest, bucket+"/"); ok && theirs(at) {
		return key, key != ""
	}
	return "", false
}

// isAmazonS3 knows the hosts s3.amazonaws.com, s3.<region>.amazonaws.com,
// s3-<region>.amazonaws.com and s3.dualstack.<region>.amazonaws.com, with .cn
// after them too
// (https://docs.aws.amazon.com/AmazonS3/latest/userguide/VirtualHosting.html).
func isAmazonS3(host string) bool {
	name, ok := strings.CutSuffix(strings.TrimSuffix(host, ".cn"), ".amazonaws.com")
	return ok && (name == "s3" || strings.HasPrefix(name, "s3.") || strings.HasPrefix(name, "s3-"))
}
