package paperwork

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"

	"ampedfieldops/internal/blob"
	"ampedfieldops/internal/fieldops"
)

// KeepEmbedded keeps a picture that the former product has kept inside a timesheet's
// row, under the id and year that its address is to have. To keep it again under
// the same id is harmless.
func KeepEmbedded(folder *blob.Folder) func(timesheet, photo fieldops.ID, year int, content []byte) (string, error) {
	return func(timesheet, photo fieldops.ID, year int, content []byte) (string, error) {
		is, err := Inspect(bytes.NewReader(content), int64(len(content)), "photo", UseFormer)
		if err != nil {
			return "", err
		}
		key := fmt.Sprintf("timesheets/%04d/%s_%s.%s", year, timesheet, photo, is.Extension)
		_, err = folder.Put(context.Background(), blob.Object{
			Key: key, ContentType: is.ContentType, Size: int64(len(content)), SHA256: sha256.Sum256(content),
		}, bytes.NewReader(content))
		return uploadsPath + key, err
	}
}

// InFolder reports whether the bytes of an address lie in the folder.
func InFolder(folder *blob.Folder) func(path string) bool {
	return func(path string) bool {
		if len(path) <= len(uploadsPath) {
			return false
		}
		file, err := folder.Open(context.Background(), path[len(uploadsPath):])
		return err == nil && errors.Join(file.Close()) == nil
	}
}
