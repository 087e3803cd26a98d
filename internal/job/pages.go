package job

import (
	"fmt"
	"log/slog"
	"net/http"

	"riverqueue.com/riverui"
)

// Pages are River's own pages about its jobs, and the small API behind them, to
// be served below prefix. Whoever asks may look at everything in the queue, and
// retry, cancel and delete jobs: the caller says who that is, and refuses
// requests from other websites, for the pages do neither.
//
// They show what the engine delivers, which is not what is to be done: deleting a
// job loses nothing, because an open intent is handed over anew.
//
// The handler is not started, as River would have it: starting it would count
// all jobs every half minute, whether anybody looks or not, so as to have the
// numbers of queues with more than 10,000 jobs exactly.
func (q *Queue) Pages(prefix string, log *slog.Logger) (http.Handler, error) {
	pages, err := riverui.NewHandler(&riverui.HandlerOpts{Endpoints: riverui.NewEndpoints(q.client, nil), Logger: log, Prefix: prefix})
	if err != nil {
		return nil, fmt.Errorf("the queue's pages: %w", err)
	}
	return pages, nil
}
