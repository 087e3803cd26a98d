package store

import (
	"context"
	"database/sql/driver"
	"fmt"

	"modernc.org/sqlite"
)

// SQLite compiles a statement each time it is given as text, which costs more
// than running a small one. So each connection keeps what it has compiled, as
// pgx does on PostgreSQL. It is done beneath database/sql because a transaction
// holds the one writing connection: a *sql.DB could prepare nothing meanwhile.
const (
	keptStatements    = 200  // of one connection; beyond that it begins anew
	keptTextAtLongest = 3000 // bytes; longer ones hold lists and rarely come twice
)

// keepingConnector opens SQLite connections that keep their statements.
type keepingConnector struct{ driver.Connector }

// openKeeping is a connector for a SQLite data source name.
func openKeeping(dsn string) (driver.Connector, error) {
	connector, err := sqlite.NewConnector(dsn)
	return keepingConnector{connector}, err
}

func (c keepingConnector) Connect(ctx context.Context) (driver.Conn, error) {
	conn, err := c.Connector.Connect(ctx)
	if err != nil {
		return nil, err
	}
	whole, ok := conn.(sqliteConn)
	if !ok {
		return nil, fmt.Errorf("the SQLite driver's connection %T lacks an interface that the store needs", conn)
	}
	return &keepingConn{sqliteConn: whole, kept: map[string]*keptStatement{}}, nil
}

// sqliteConn is what database/sql asks of a connection and the driver's has.
type sqliteConn interface {
	driver.Conn
	driver.ConnPrepareContext
	driver.ConnBeginTx
	driver.ExecerContext
	driver.QueryerContext
	driver.Pinger
	driver.SessionResetter
	driver.Validator
}

// keepingConn keeps the statements that it has compiled. database/sql lets one
// goroutine at a time use a connection.
type keepingConn struct {
	sqliteConn
	kept map[string]*keptStatement
}

type keptStatement struct {
	driver.Stmt
	execer  driver.StmtExecContext
	queryer driver.StmtQueryContext
	reading bool // its rows are being read, so it cannot begin again
	dropped bool // to be closed when its rows are
}

// statement is the compiled statement of a text; nil when it is in use, or not
// worth keeping.
func (c *keepingConn) statement(ctx context.Context, text string) (*keptStatement, error) {
	if s := c.kept[text]; s != nil {
		if s.reading {
			return nil, nil
		}
		return s, nil
	}
	if len(text) > keptTextAtLongest {
		return nil, nil
	}
	if len(c.kept) >= keptStatements {
		if err := c.drop(); err != nil {
			return nil, err
		}
	}
	compiled, err := c.PrepareContext(ctx, text)
	if err != nil {
		return nil, err
	}
	s := &keptStatement{Stmt: compiled}
	var executes, queries bool
	s.execer, executes = compiled.(driver.StmtExecContext)
	s.queryer, queries = compiled.(driver.StmtQueryContext)
	if !executes || !queries {
		return nil, compiled.Close()
	}
	c.kept[text] = s
	return s, nil
}

// drop closes every statement that is kept.
func (c *keepingConn) drop() (err error) {
	for _, s := range c.kept {
		if s.reading {
			s.dropped = true
		} else if e := s.Close(); err == nil {
			err = e
		}
	}
	clear(c.kept)
	return err
}

// Close closes the connection and what it keeps.
func (c *keepingConn) Close() error {
	if err := c.drop(); err != nil {
		_ = c.sqliteConn.Close() // the first error tells more
		return err
	}
	return c.sqliteConn.Close()
}

// ExecContext runs a statement that returns no rows.
func (c *keepingConn) ExecContext(ctx context.Context, text string, args []driver.NamedValue) (driver.Result, error) {
	s, err := c.statement(ctx, text)
	if err != nil {
		return nil, err
	}
	if s == nil {
		return c.sqliteConn.ExecContext(ctx, text, args)
	}
	return s.execer.ExecContext(ctx, args)
}

// QueryContext runs a statement that returns rows.
func (c *keepingConn) QueryContext(ctx context.Context, text string, args []driver.NamedValue) (driver.Rows, error) {
	s, err := c.statement(ctx, text)
	if err != nil {
		return nil, err
	}
	if s == nil {
		return c.sqliteConn.QueryContext(ctx, text, args)
	}
	rows, err := s.queryer.QueryContext(ctx, args)
	if err != nil {
		return nil, err
	}
	s.reading = true
	return &keptRows{rows, s}, nil
}

// keptRows give their statement back when they are closed.
type keptRows struct {
	driver.Rows
	of *keptStatement
}

func (r *keptRows) Close() error {
	err := r.Rows.Close()
	r.of.reading = false
	if r.of.dropped {
		if e := r.of.Stmt.Close(); err == nil {
			err = e
		}
	}
	return err
}
