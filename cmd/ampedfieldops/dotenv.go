package main

import (
	"fmt"
	"strings"
)

// parseDotenv reads a file of NAME=VALUE lines. Empty lines and lines that
// begin with # say nothing; a leading "export" is ignored. A value in single
// quotes is taken as it stands; in double quotes \n, \", \\ and \$ are
// understood; without quotes it ends before " #" and loses the spaces around
// it. A name given twice has its last value.
func parseDotenv(text string) (map[string]string, error) {
	values := map[string]string{}
	number := 0
	for line := range strings.Lines(strings.TrimPrefix(text, "\ufeff")) {
		number++
		line = strings.TrimSpace(line)
		if line == "" || line[0] == '#' {
			continue
		}
		name, rest, found := strings.Cut(strings.TrimSpace(strings.TrimPrefix(line, "export ")), "=")
		name = strings.TrimSpace(name)
		if !found || !isName(name) {
			return nil, fmt.Errorf("line %d is not NAME=VALUE", number)
		}
		value, err := dotenvValue(strings.TrimSpace(rest))
		if err != nil {
			return nil, fmt.Errorf("line %d: the value of %s %w", number, name, err)
		}
		values[name] = value
	}
	return values, nil
}

func isName(s string) bool {
	for i, r := range s {
		letter := r == '_' || r >= 'A' && r <= 'Z' || r >= 'a' && r <= 'z'
		if !letter && (i == 0 || r < '0' || r > '9') {
			return false
		}
	}
	return s != ""
}

func dotenvValue(s string) (string, error) {
	if s == "" || s[0] != '\'' && s[0] != '"' {
		if s != "" && s[0] == '#' {
			return "", nil
		}
		value, _, _ := strings.Cut(s, " #")
		return strings.TrimSpace(value), nil
	}
	quote := s[0]
	var b strings.Builder
	for i := 1; i < len(s); i++ {
		switch {
		case s[i] == quote:
			if after := strings.TrimSpace(s[i+1:]); after != "" && after[0] != '#' {
				return "", fmt.Errorf("goes on after its closing quote")
			}
			return b.String(), nil
		case s[i] == '\\' && quote == '"' && i+1 < len(s):
			i++
			switch s[i] {
			case 'n':
				b.WriteByte('\n')
			case '"', '\\', '$':
				b.WriteByte(s[i])
			default:
				b.WriteByte('\\')
				b.WriteByte(s[i])
			}
		default:
			b.WriteByte(s[i])
		}
	}
	return "", fmt.Errorf("has no closing quote")
}
