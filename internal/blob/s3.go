package blob

import (
	"cmp"
	"context"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"iter"
	"mime"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/credentials"
	"golang.org/x/sync/errgroup"
)

// S3Config says where a bucket is and how to get at it.
type S3Config struct {
	Bucket          string
	Region          string // "": us-east-1
	AccessKeyID     string
	SecretAccessKey string
	// Endpoint is the address of a server that speaks S3, http or https, which
	// finds the bucket in the path. "": Amazon's.
	Endpoint string
	// Prefix begins the key of each object in the bucket. "": uploads/
	Prefix string
	// LinkBase is the address of a network that delivers content in place of the
	// bucket, such as https://files.example.nz: links begin with it. The network
	// must pass on the path and the query, with the bucket's own host as Host,
	// which the signature covers. "": none.
	LinkBase string
}

// The bounds of what S3 is asked.
const (
	s3Tries       = 3
	s3Threads     = 2                // parts of one object under way
	s3CallTimeout = time.Minute      // of a call without content, tries included
	s3PartTimeout = 10 * time.Minute // of a part, tries included
	// MaxLinkLife is how long a link of S3 can work at most
	// (https://docs.aws.amazon.com/AmazonS3/latest/userguide/using-presigned-url.html).
	MaxLinkLife = 7 * 24 * time.Hour
)

// S3 keeps objects in a bucket. The reference of an object is its key there,
// prefix included. Objects get no access list and so are their owner's alone.
type S3 struct {
	core      *minio.Core
	transport *http.Transport
	config    S3Config
	linkBase  *url.URL
	listPage  int // 0: as many as the server gives
}

// OpenS3 makes an S3. Nothing is asked of the server yet.
func OpenS3(config S3Config) (*S3, error) {
	config.Region = cmp.Or(config.Region, "us-east-1")
	config.Prefix = cmp.Or(config.Prefix, "uploads/")
	host, secure, lookup := "s3.amazonaws.com", true, minio.BucketLookupAuto
	if config.Endpoint != "" {
		endpoint, err := baseAddress(config.Endpoint)
		if err != nil {
			return nil, fail(ErrDenied, nil, "the S3 endpoint %q is not an address such as https://s3.example.nz", config.Endpoint)
		}
		host, secure, lookup = endpoint.Host, endpoint.Scheme == "https", minio.BucketLookupPath
	}
	s := &S3{config: config, transport: newTransport()}
	if config.LinkBase != "" {
		base, err := baseAddress(config.LinkBase)
		if err != nil {
			return nil, fail(ErrDenied, nil, "the address for links %q is not one such as https://files.example.nz", config.LinkBase)
		}
		s.linkBase = base
	}
	core, err := minio.NewCore(host, &minio.Options{
		Creds:        credentials.NewStaticV4(config.AccessKeyID, config.SecretAccessKey, ""),
		Secure:       secure,
		Transport:    s.transport,
		Region:       config.Region,
		BucketLookup: lookup,
		MaxRetries:   s3Tries,
	})
	if err != nil {
		return nil, fail(ErrDenied, err, "the S3 settings cannot be used")
	}
	s.core = core
	return s, nil
}

// baseAddress reads an address of nothing but scheme and host.
func baseAddress(address string) (*url.URL, error) {
	u, err := url.Parse(address)
	if err != nil {
		return nil, err
	}
	if u.Scheme != "http" && u.Scheme != "https" || u.Host == "" || u.User != nil || strings.Trim(u.Path, "/") != "" || u.RawQuery != "" {
		return nil, errors.New("more or less than scheme and host")
	}
	return u, nil
}

// newTransport bounds what a call spends before the content flows.
func newTransport() *http.Transport {
	return &http.Transport{
		Proxy:                 http.ProxyFromEnvironment,
		DialContext:           (&net.Dialer{Timeout: 10 * time.Second, KeepAlive: 30 * time.Second}).DialContext,
		TLSHandshakeTimeout:   10 * time.Second,
		ResponseHeaderTimeout: 30 * time.Second,
		IdleConnTimeout:       time.Minute,
		MaxIdleConnsPerHost:   8,
		DisableCompression:    true, // an object comes as it was put
	}
}

// Close lets go of idle connections.
func (s *S3) Close() error {
	s.transport.CloseIdleConnections()
	return nil
}

// Put sends content in one request, or in parts when it is larger than 8 MiB.
// The server is told the MD5 and, under the signature, the SHA-256 of what it
// gets, and refuses anything else.
func (s *S3) Put(ctx context.Context, o Object, content io.ReaderAt) (ref string, err error) {
	parts, err := plan(ctx, o, content, partSize)
	if err != nil {
		return "", s.failure(err, "%s cannot be kept", o.Key)
	}
	ref = s.config.Prefix + o.Key
	if len(parts) == 1 {
		err = s.putWhole(ctx, ref, o, content, parts[0])
	} else {
		err = s.putParts(ctx, ref, o, content, parts)
	}
	if err != nil {
		return "", s.failure(err, "%s cannot be kept", o.Key)
	}
	return ref, s.verify(ctx, ref, o.Size)
}

func (s *S3) putWhole(ctx context.Context, ref string, o Object, content io.ReaderAt, p part) error {
	ctx, cancel := context.WithTimeout(ctx, s3PartTimeout)
	defer cancel()
	body := p.body(ctx, content)
	_, err := s.core.PutObject(ctx, s.config.Bucket, ref, body, p.size, p.base64MD5(), p.hexSHA256(), s3Options(o))
	return cmp.Or(body.fault(), err)
}

func s3Options(o Object) minio.PutObjectOptions {
	// The sums are ours: nothing is signed piece by piece, which not every server understands.
	return minio.PutObjectOptions{ContentType: o.ContentType, DisableContentSha256: true}
}

// putParts leaves no parts behind when it fails, if the server can be reached at
// all: it is asked even when ctx has ended.
func (s *S3) putParts(ctx context.Context, ref string, o Object, content io.ReaderAt, parts []part) (err error) {
	upload, err := s.begin(ctx, ref, o)
	if err != nil {
		return err
	}
	done := false
	defer func() {
		if !done {
			err = s.abandon(ctx, ref, upload, err)
		}
	}()
	complete := make([]minio.CompletePart, len(parts))
	group, sending := errgroup.WithContext(ctx)
	group.SetLimit(s3Threads)
	for i, p := range parts {
		if sending.Err() != nil {
			break
		}
		group.Go(func() (err error) {
			complete[i], err = s.putPart(sending, ref, upload, i+1, content, p)
			return err
		})
	}
	if err := cmp.Or(group.Wait(), ctx.Err()); err != nil {
		return err
	}
	completing, cancel := context.WithTimeout(ctx, s3PartTimeout)
	defer cancel()
	if _, err = s.core.CompleteMultipartUpload(completing, s.config.Bucket, ref, upload, complete, minio.PutObjectOptions{}); err != nil {
		return s.completed(ctx, ref, o, err)
	}
	done = true
	return nil
}

func (s *S3) begin(ctx context.Context, ref string, o Object) (upload string, err error) {
	ctx, cancel := context.WithTimeout(ctx, s3CallTimeout)
	defer cancel()
	return s.core.NewMultipartUpload(ctx, s.config.Bucket, ref, s3Options(o))
}

func (s *S3) putPart(ctx context.Context, ref, upload string, number int, content io.ReaderAt, p part) (minio.CompletePart, error) {
	ctx, cancel := context.WithTimeout(ctx, s3PartTimeout)
	defer cancel()
	body := p.body(ctx, content)
	sent, err := s.core.PutObjectPart(ctx, s.config.Bucket, ref, upload, number, body, p.size, minio.PutObjectPartOptions{
		Md5Base64: p.base64MD5(), Sha256Hex: p.hexSHA256(), DisableContentSha256: true,
	})
	return minio.CompletePart{PartNumber: number, ETag: sent.ETag}, cmp.Or(body.fault(), err)
}

// completed decides about an upload whose completion was refused because there is
// no such upload: then an earlier try, whose answer got lost, has completed it.
func (s *S3) completed(ctx context.Context, ref string, o Object, err error) error {
	if answer, ok := errors.AsType[minio.ErrorResponse](err); ok && answer.Code == "NoSuchUpload" && s.verify(ctx, ref, o.Size) == nil {
		return nil
	}
	return err
}

func (s *S3) abandon(ctx context.Context, ref, upload string, cause error) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), s3CallTimeout)
	defer cancel()
	err := s.core.AbortMultipartUpload(ctx, s.config.Bucket, ref, upload)
	if answer, ok := errors.AsType[minio.ErrorResponse](err); err == nil || ok && answer.Code == "NoSuchUpload" || cause == nil {
		return cause
	}
	return fmt.Errorf("%w (and what has arrived of it could not be removed: %w)", cause, err)
}

// verify asks whether an object has the size that was sent.
func (s *S3) verify(ctx context.Context, ref string, size int64) error {
	info, err := s.stat(ctx, ref)
	if err != nil {
		return s.failure(err, "%s was sent and cannot be found", ref)
	}
	if info.Size != size {
		return fail(ErrUnavailable, nil, "%s has %d bytes in the bucket %s and not the %d that were sent", ref, info.Size, s.config.Bucket, size)
	}
	return nil
}

func (s *S3) stat(ctx context.Context, ref string) (minio.ObjectInfo, error) {
	ctx, cancel := context.WithTimeout(ctx, s3CallTimeout)
	defer cancel()
	return s.core.StatObject(ctx, s.config.Bucket, ref, minio.StatObjectOptions{})
}

// Open opens an object. One that is replaced while it is read ends in an error,
// not in a mixture.
func (s *S3) Open(ctx context.Context, ref string) (File, error) {
	if !isS3Key(ref) {
		return nil, fail(ErrAbsent, nil, "%s is not in the bucket %s", ref, s.config.Bucket)
	}
	info, err := s.stat(ctx, ref)
	if err != nil {
		err = s.failure(err, "%s cannot be opened", ref)
		if errors.Is(err, ErrAbsent) && !s.hasBucket(ctx) {
			return nil, s.noBucket(nil)
		}
		return nil, err
	}
	get := func(ctx context.Context, offset, length int64) (io.ReadCloser, error) {
		var options minio.GetObjectOptions
		if err := errors.Join(options.SetRange(offset, offset+length-1), options.SetMatchETag(info.ETag)); err != nil {
			return nil, fail(ErrUnavailable, err, "%s cannot be read", ref)
		}
		body, _, _, err := s.core.GetObject(ctx, s.config.Bucket, ref, options)
		if err != nil {
			return nil, s.failure(err, "%s cannot be read", ref)
		}
		return body, nil
	}
	return &windowed{get: get, ctx: ctx, name: ref, size: info.Size}, nil
}

// isS3Key reports whether something can be a key of whomever's in a bucket. Servers
// differ about keys that would lead to other places as paths.
func isS3Key(ref string) bool {
	for part := range strings.SplitSeq(ref, "/") {
		if part == "." || part == ".." {
			return false
		}
	}
	return ref != "" && len(ref) <= 1024
}

// hasBucket is asked when an object is absent, since the answer to HEAD does not
// say what of the two is missing. Without an answer the bucket counts as there.
func (s *S3) hasBucket(ctx context.Context) bool {
	ctx, cancel := context.WithTimeout(ctx, s3CallTimeout)
	defer cancel()
	has, err := s.core.BucketExists(ctx, s.config.Bucket)
	return has || err != nil
}

// Delete removes an object.
func (s *S3) Delete(ctx context.Context, ref string) error {
	if !isS3Key(ref) {
		return nil // there is no such object
	}
	ctx, cancel := context.WithTimeout(ctx, s3CallTimeout)
	defer cancel()
	err := s.failure(s.core.RemoveObject(ctx, s.config.Bucket, ref, minio.RemoveObjectOptions{}), "%s cannot be removed", ref)
	if errors.Is(err, ErrAbsent) {
		return nil
	}
	return err
}

// Objects lists the objects whose keys begin with the prefix.
func (s *S3) Objects(ctx context.Context) iter.Seq2[Listed, error] {
	return func(yield func(Listed, error) bool) {
		ctx, cancel := context.WithCancel(ctx)
		defer cancel()
		late := time.AfterFunc(s3CallTimeout, cancel)
		defer late.Stop()
		options := minio.ListObjectsOptions{Prefix: s.config.Prefix, Recursive: true, MaxKeys: s.listPage}
		for info := range s.core.ListObjectsIter(ctx, s.config.Bucket, options) {
			if info.Err != nil {
				yield(Listed{}, s.failure(info.Err, "the bucket %s cannot be listed", s.config.Bucket))
				return
			}
			key := strings.TrimPrefix(info.Key, s.config.Prefix)
			if strings.HasSuffix(key, "/") || key == "" { // a folder as consoles make them
				continue
			}
			late.Stop() // what the caller takes is not the server's
			if !yield(Listed{Key: key, Ref: info.Key, Size: info.Size, ModifiedAt: info.LastModified}, nil) {
				return
			}
			late.Reset(s3CallTimeout)
		}
		if err := ctx.Err(); err != nil { // the library ends a list without a word then
			yield(Listed{}, s.failure(err, "the bucket %s cannot be listed", s.config.Bucket))
		}
	}
}

// Link makes an address from which anybody can fetch an object until a duration
// of at most MaxLinkLife is over, in whole seconds. The answer will be of the
// given content type and, unless fileName is "", offered under that name. Whether
// the object is there is not asked.
func (s *S3) Link(ctx context.Context, ref string, d time.Duration, fileName, contentType string) (string, error) {
	if d < time.Second || d > MaxLinkLife {
		return "", fmt.Errorf("a link can work for a second to seven days, not for %v", d)
	}
	query := url.Values{}
	if fileName != "" {
		query.Set("response-content-disposition", mime.FormatMediaType("inline", map[string]string{"filename": fileName}))
	}
	if contentType != "" {
		query.Set("response-content-type", contentType)
	}
	link, err := s.core.PresignedGetObject(ctx, s.config.Bucket, ref, d, query)
	if err != nil {
		return "", s.failure(err, "no link to %s can be made", ref)
	}
	if s.linkBase != nil {
		link.Scheme, link.Host = s.linkBase.Scheme, s.linkBase.Host
	}
	return link.String(), nil
}

// deniedCode reports whether an answer is one that stays until an admin acts
// (https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html).
func deniedCode(code string) bool {
	return slices.Contains([]string{
		"AccessDenied", "AccountProblem", "AllAccessDisabled", "AuthorizationHeaderMalformed", "ExpiredToken", "InvalidAccessKeyId",
		"InvalidBucketName", "InvalidToken", "MethodNotAllowed", "NoSuchBucket", "NotSignedUp", "PermanentRedirect",
		"RequestTimeTooSkewed", "SignatureDoesNotMatch", "UnauthorizedAccess",
	}, code)
}

// failure words an error of the library's, unless it is worded already.
func (s *S3) failure(err error, format string, args ...any) error {
	if err == nil {
		return nil
	}
	if _, ok := errors.AsType[*failure](err); ok {
		return err
	}
	if content, ok := errors.AsType[*unreadable](err); ok {
		return content
	}
	sentence := fmt.Sprintf(format, args...)
	answer, ok := errors.AsType[minio.ErrorResponse](err)
	if !ok {
		return fail(ErrUnavailable, withoutURL(err), "%s: the S3 server %s does not answer as it should", sentence, s.core.EndpointURL().Host)
	}
	cause := fmt.Errorf("%s (%s)", answer.Error(), answer.Code)
	switch {
	case answer.Code == "NoSuchBucket":
		return s.noBucket(cause)
	case answer.Code == "InvalidAccessKeyId", answer.Code == "XAdminUserNotFound": // the latter is versitygw's
		return fail(ErrDenied, cause, "%s: the S3 server does not know the access key id", sentence)
	case answer.Code == "SignatureDoesNotMatch":
		// The server's own sentence can hold what was signed.
		return fail(ErrDenied, nil, "%s: the S3 server refuses the signature; the secret access key or the region %s is wrong (SignatureDoesNotMatch)", sentence, s.config.Region)
	case answer.Code == "RequestTimeTooSkewed":
		return fail(ErrDenied, cause, "%s: the clock of this machine is wrong", sentence)
	case answer.Code == "AuthorizationHeaderMalformed", answer.Code == "PermanentRedirect":
		return fail(ErrDenied, cause, "%s: the bucket %s is not in the region %s", sentence, s.config.Bucket, s.config.Region)
	case deniedCode(answer.Code), answer.StatusCode == http.StatusUnauthorized, answer.StatusCode == http.StatusForbidden && !fullCode(answer):
		return fail(ErrDenied, cause, "%s: the credentials may not do that in the bucket %s", sentence, s.config.Bucket)
	case answer.Code == "NoSuchKey":
		return fail(ErrAbsent, nil, "%s: it is not in the bucket %s", sentence, s.config.Bucket)
	case fullCode(answer):
		return fail(ErrFull, cause, "%s: the bucket %s has no room left", sentence, s.config.Bucket)
	case answer.Code == "BadDigest", answer.Code == "XAmzContentSHA256Mismatch":
		return fail(ErrUnavailable, cause, "%s: what arrived is not what was sent", sentence)
	}
	return fail(ErrUnavailable, cause, "%s: the S3 server %s failed", sentence, s.core.EndpointURL().Host)
}

// fullCode reports whether an answer says that there is no room. Amazon has no
// such answer; these are other servers'.
func fullCode(answer minio.ErrorResponse) bool {
	return answer.StatusCode == http.StatusInsufficientStorage || slices.Contains([]string{
		"QuotaExceeded", "XMinioAdminBucketQuotaExceeded", "XMinioStorageFull", "StorageFull", "InsufficientStorage",
	}, answer.Code)
}

func (s *S3) noBucket(cause error) error {
	return fail(ErrDenied, cause, "the bucket %s does not exist in region %s", s.config.Bucket, s.config.Region)
}

// withoutURL strips the address, which can hold what nobody else may know.
func withoutURL(err error) error {
	if at, ok := errors.AsType[*url.Error](err); ok {
		return at.Err
	}
	return err
}

func (p part) base64MD5() string { return base64.StdEncoding.EncodeToString(p.md5[:]) }

func (p part) hexSHA256() string { return hex.EncodeToString(p.sha256[:]) }

// body is the part's content, which can be sent again from its beginning.
func (p part) body(ctx context.Context, content io.ReaderAt) *partBody {
	return &partBody{ctx: ctx, section: io.NewSectionReader(content, p.offset, p.size)}
}
