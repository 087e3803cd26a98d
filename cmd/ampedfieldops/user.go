package main

import (
	"bufio"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"strings"

	"ampedfieldops/internal/fieldops"
	"ampedfieldops/internal/store"
)

// user makes people, and gives them new passwords, for whoever has the machine.
func user(ctx context.Context, env environment, args []string) error {
	const usage = "create --email ADDR --name NAME --role ROLE [--password-stdin] | reset-password --email ADDR [--password-stdin]"
	verb := ""
	if len(args) > 0 {
		verb, args = args[0], args[1:]
	}
	switch verb {
	case "create":
		return createUser(ctx, env, args)
	case "reset-password":
		return resetPassword(ctx, env, args)
	case "-h", "-help", "--help":
		_, err := parse(env.flags("user", usage, "Makes people who may sign in, and gives them new passwords."), []string{"-h"})
		return err
	}
	return misused("say user create or user reset-password")
}

func createUser(ctx context.Context, env environment, args []string) error {
	set := env.flags("user create", "--email ADDR --name NAME --role ROLE [--password-stdin]",
		"Adds a person who may sign in. Without --password-stdin a password is made and printed, once.")
	o := configFlags(set, false)
	email := set.String("email", "", "the `address` to sign in with")
	name := set.String("name", "", "the person's `name`")
	role := set.String("role", "admin", "admin, manager or user (a technician)")
	fromStdin := set.Bool("password-stdin", false, "read the password from standard input, one line")
	if _, err := parse(set, args); err != nil {
		return err
	}
	u := fieldops.User{Email: strings.TrimSpace(*email), Name: strings.TrimSpace(*name), Role: fieldops.Role(*role), IsActive: true}
	switch {
	case !fieldops.ValidEmail(u.Email):
		return misused("--email must be an address such as alex@example.com")
	case u.Name == "":
		return misused("--name must be the person's name")
	case !u.Role.Valid():
		return misused("--role must be admin, manager or user")
	}
	password, made, err := newPassword(env, *fromStdin)
	if err != nil {
		return err
	}
	u.PasswordHash = fieldops.HashPassword(password)
	if err := env.change(ctx, o, func(ctx context.Context, tx *store.Tx) error { return tx.InsertUser(ctx, &u) }); err != nil {
		return err
	}
	fmt.Fprintf(env.stdout, "%s may sign in as %s\n", u.Name, u.Email)
	if made {
		fmt.Fprintln(env.stdout, "password:", password)
	}
	return nil
}

func resetPassword(ctx context.Context, env environment, args []string) error {
	set := env.flags("user reset-password", "--email ADDR [--password-stdin]",
		"Gives a person a new password and ends all their sessions. Without --password-stdin a password is made and printed, once.")
	o := configFlags(set, false)
	email := set.String("email", "", "the `address` that the person signs in with")
	fromStdin := set.Bool("password-stdin", false, "read the password from standard input, one line")
	if _, err := parse(set, args); err != nil {
		return err
	}
	if *email == "" {
		return misused("--email must be the address that the person signs in with")
	}
	password, made, err := newPassword(env, *fromStdin)
	if err != nil {
		return err
	}
	hash := fieldops.HashPassword(password)
	err = env.change(ctx, o, func(ctx context.Context, tx *store.Tx) error {
		u, err := tx.UserByEmail(ctx, *email)
		if fieldops.KindOf(err) == fieldops.NotFound {
			return fmt.Errorf("nobody signs in as %s", *email)
		}
		if err != nil {
			return err
		}
		return tx.SetPassword(ctx, u.ID, hash, "")
	})
	if err != nil {
		return err
	}
	fmt.Fprintf(env.stdout, "%s has a new password\n", *email)
	if made {
		fmt.Fprintln(env.stdout, "password:", password)
	}
	return nil
}

// change opens the configured database and changes it in one transaction, in
// the name of whoever sits at the machine.
func (env environment) change(ctx context.Context, o *overrides, change func(context.Context, *store.Tx) error) (err error) {
	c, err := env.loadConfig(o)
	if err != nil {
		return err
	}
	db, err := openDatabase(ctx, c, nil)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	return db.Write(ctx, fieldops.Actor{Name: "Command line"}, func(tx *store.Tx) error { return change(ctx, tx) })
}

// newPassword reads a password from standard input, or makes one.
func newPassword(env environment, fromStdin bool) (password string, made bool, err error) {
	if !fromStdin {
		return rand.Text(), true, nil
	}
	line, err := bufio.NewReader(env.stdin).ReadString('\n')
	if err != nil && !errors.Is(err, io.EOF) {
		return "", false, fmt.Errorf("the password cannot be read: %w", err)
	}
	password = strings.TrimRight(line, "\r\n")
	return password, false, fieldops.CheckPassword("password", password)
}
