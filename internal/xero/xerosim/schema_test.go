package xerosim

import (
	"net/http"
	"testing"
)

func recordAnswers(_ *testing.T, h http.Handler) http.Handler { return h }
