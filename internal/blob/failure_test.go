package blob

import (
	"errors"
	"io/fs"
	"syscall"
	"testing"

	"github.com/minio/minio-go/v7"
)

func TestLocalFailure(t *testing.T) {
	t.Parallel()
	for cause, want := range map[syscall.Errno]error{
		syscall.ENOSPC: ErrFull, syscall.EDQUOT: ErrFull, syscall.EACCES: ErrDenied, syscall.EPERM: ErrDenied, syscall.EROFS: ErrDenied,
		syscall.EIO: ErrUnavailable, syscall.EMFILE: ErrUnavailable,
	} {
		err := localFailure(&fs.PathError{Op: "write", Path: "a", Err: cause}, "it cannot be kept")
		for _, kind := range []error{ErrFull, ErrDenied, ErrUnavailable, ErrAbsent} {
			if errors.Is(err, kind) != errors.Is(want, kind) {
				t.Errorf("%v: %v and the kind %v: %v", cause, err, kind, errors.Is(err, kind))
			}
		}
		if !errors.Is(err, cause) {
			t.Errorf("%v has lost its cause %v", err, cause)
		}
	}
}

func TestS3Failure(t *testing.T) {
	t.Parallel()
	s, err := OpenS3(S3Config{Bucket: "firm-files", AccessKeyID: "id", SecretAccessKey: "secret"})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		status int
		code   string
		want   error
	}{
		{403, "AccessDenied", ErrDenied},
		{403, "InvalidAccessKeyId", ErrDenied},
		{403, "SignatureDoesNotMatch", ErrDenied},
		{403, "RequestTimeTooSkewed", ErrDenied},
		{404, "NoSuchBucket", ErrDenied},
		{301, "PermanentRedirect", ErrDenied},
		{400, "AuthorizationHeaderMalformed", ErrDenied},
		{404, "NoSuchKey", ErrAbsent},
		{403, "QuotaExceeded", ErrFull},
		{409, "XMinioAdminBucketQuotaExceeded", ErrFull},
		{507, "XMinioStorageFull", ErrFull},
		{400, "BadDigest", ErrUnavailable},
		{404, "NoSuchUpload", ErrUnavailable},
		{500, "InternalError", ErrUnavailable},
		{503, "SlowDown", ErrUnavailable},
	} {
		err := s.failure(minio.ErrorResponse{StatusCode: c.status, Code: c.code, Message: "Message."}, "%s cannot be kept", "a.txt")
		for _, kind := range []error{ErrFull, ErrDenied, ErrUnavailable, ErrAbsent} {
			if errors.Is(err, kind) != errors.Is(c.want, kind) {
				t.Errorf("%s: %v and the kind %v: %v", c.code, err, kind, errors.Is(err, kind))
			}
		}
	}
}
