package blob

import (
	"context"
	"time"
)

// SetListPage makes a listing ask for few objects at a time.
func (s *S3) SetListPage(n int) { s.listPage = n }

// SetSleep has the waits before another try done by something else.
func (d *Drive) SetSleep(f func(ctx context.Context, d time.Duration) error) { d.sleep = f }

// PartSize is partSize.
const PartSize = partSize
