package fieldops

import "testing"

func TestBurn(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		burn      Burn
		rate      Cents
		remaining Cents
		exhausted Date
	}{
		"steady":           {Burn{1000_00, 400_00, 400_00, 4}, 100_00, 600_00, "2026-07-13"},
		"rounded":          {Burn{1000_00, 100_00, 1_00, 8}, 13, 900_00, ""}, // 90,000 weeks are more than a century
		"overspent":        {Burn{100_00, 120_00, 0, 8}, 0, -20_00, "2026-06-01"},
		"without a budget": {Burn{0, 120_00, 120_00, 8}, 15_00, -120_00, ""},
		"nothing lately":   {Burn{100_00, 20_00, 0, 8}, 0, 80_00, ""},
		"part of a day":    {Burn{101_00, 100_00, 70_00, 1}, 70_00, 1_00, "2026-06-02"},
		"credits":          {Burn{100_00, 20_00, -5_00, 8}, 0, 80_00, ""},
	} {
		if c.burn.Rate() != c.rate || c.burn.Remaining() != c.remaining || c.burn.Exhausted("2026-06-01") != c.exhausted {
			t.Errorf("%s: %s a week, %s left, until %q", name, c.burn.Rate(), c.burn.Remaining(), c.burn.Exhausted("2026-06-01"))
		}
	}
}
