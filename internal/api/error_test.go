package api

import (
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"testing"
	"testing/iotest"

	"ampedfieldops/internal/fieldops"
)

func TestWhatGoesWrongWithABodyIsToldWhereItIsRead(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		fault error
		kind  fieldops.ErrorKind
	}{
		{io.ErrUnexpectedEOF, fieldops.Invalid},
		{&http.MaxBytesError{Limit: 1}, fieldops.TooLarge},
		{fmt.Errorf("read tcp: %w", os.ErrDeadlineExceeded), fieldops.Invalid},
	} {
		_, err := io.ReadAll(bodyReader{io.MultiReader(strings.NewReader("abc"), iotest.ErrReader(test.fault)), "too large"})
		if fieldops.KindOf(err) != test.kind {
			t.Errorf("%v became %v", test.fault, err)
		}
	}
	if content, err := io.ReadAll(bodyReader{strings.NewReader("abc"), ""}); err != nil || string(content) != "abc" {
		t.Errorf("%q, %v", content, err)
	}
}
