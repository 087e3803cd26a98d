package store_test

import (
	"testing"

	"ampedfieldops/internal/store"
)

func TestPercentiles(t *testing.T) {
	t.Parallel()
	hundred := make([]float64, 100)
	for i := range hundred {
		hundred[i] = float64(100 - i)
	}
	for name, c := range map[string]struct {
		of   []float64
		want store.Percentiles
	}{
		"nothing":   {nil, store.Percentiles{}},
		"one":       {[]float64{7}, store.Percentiles{P50: 7, P95: 7, P99: 7}},
		"two":       {[]float64{9, 1}, store.Percentiles{P50: 1, P95: 9, P99: 9}},
		"a hundred": {hundred, store.Percentiles{P50: 50, P95: 95, P99: 99}},
	} {
		if got := store.PercentilesOf(c.of); got != c.want {
			t.Errorf("%s: %+v, want %+v", name, got, c.want)
		}
	}
}
