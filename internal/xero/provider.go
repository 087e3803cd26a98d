package xero

import (
	"errors"

	"ampedfieldops/internal/fieldops"
)

// Compare is the function of the same name.
func (c *Client) Compare(p fieldops.Posting, r fieldops.Remote) []string { return Compare(p, r) }

// TotalsDiffer is the function of the same name.
func (c *Client) TotalsDiffer(p fieldops.Posting, r fieldops.Remote) bool { return TotalsDiffer(p, r) }

// Mine is the function of the same name.
func (c *Client) Mine(p fieldops.Posting, r fieldops.Remote) bool { return Mine(p, r) }

// IsInvalidGrant reports whether only a new consent can help.
func (c *Client) IsInvalidGrant(err error) bool { return errors.Is(err, ErrInvalidGrant) }
