package job

import "time"

// TrimRedis removes what Redis was told of before a moment that was given up.
func (q *Queue) TrimRedis(before time.Time) error { return q.redis.trim(before) }
