package main

import (
	"context"

	"ampedfieldops/internal/api"
)

// openAPI prints the description of the API.
func openAPI(_ context.Context, env environment, args []string) error {
	if _, err := parse(env.flags("openapi", "", "Prints the OpenAPI 3.1 document of the API."), args); err != nil {
		return err
	}
	_, err := env.stdout.Write(api.OpenAPI())
	return err
}
