package main

import (
	"archive/tar"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// A backup is a tar file, compressed with gzip, of
//
//	database/ampedfieldops.db   the database, on SQLite
//	database/TABLE.csv          each of its tables, on PostgreSQL
//	uploads/…                   photos and other files
//	secrets/…                   only when asked for
//	manifest.json               what all of it is, last
const (
	manifestName   = "manifest.json"
	archiveProgram = "ampedfieldops"
	archiveFormat  = 1
	databaseEntry  = "database/ampedfieldops.db"
	maxManifest    = 64 << 20 // bytes
)

// manifest says what a backup holds.
type manifest struct {
	Program   string    `json:"program"`
	Format    int       `json:"format"`
	Version   string    `json:"version"` // of the program that made it
	Schema    int       `json:"schema"`
	Engine    string    `json:"engine"` // sqlite or postgres
	CreatedAt time.Time `json:"created_at"`
	Entries   []entry   `json:"entries"` // in the order in which they stand in the file
}

// entry is one file of a backup.
type entry struct {
	Name   string `json:"name"`
	Size   int64  `json:"size"`
	SHA256 string `json:"sha256"`
}

// under lists the entries of one folder of the backup.
func (m *manifest) under(folder string) []entry {
	var found []entry
	for _, e := range m.Entries {
		if strings.HasPrefix(e.Name, folder+"/") {
			found = append(found, e)
		}
	}
	return found
}

// archiveWriter writes a backup.
type archiveWriter struct {
	zip      *gzip.Writer
	tar      *tar.Writer
	manifest manifest
}

func newArchive(w io.Writer, m manifest) *archiveWriter {
	m.Program, m.Format, m.Entries = archiveProgram, archiveFormat, []entry{}
	zip := gzip.NewWriter(w)
	return &archiveWriter{zip: zip, tar: tar.NewWriter(zip), manifest: m}
}

// add copies a file into the backup. Its size must not change meanwhile.
func (a *archiveWriter) add(name, path string) error {
	file, err := os.Open(path)
	if err != nil {
		return err
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		return err
	}
	return a.addFrom(name, info.Size(), info.ModTime(), file)
}

// addFrom copies so many bytes into the backup.
func (a *archiveWriter) addFrom(name string, size int64, changed time.Time, from io.Reader) error {
	if err := a.header(name, size, changed); err != nil {
		return err
	}
	sum := sha256.New()
	if _, err := io.CopyN(io.MultiWriter(a.tar, sum), from, size); err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	a.manifest.Entries = append(a.manifest.Entries, entry{name, size, hex.EncodeToString(sum.Sum(nil))})
	return nil
}

func (a *archiveWriter) header(name string, size int64, changed time.Time) error {
	return a.tar.WriteHeader(&tar.Header{
		Typeflag: tar.TypeReg, Name: name, Size: size, Mode: 0o600, ModTime: changed.Truncate(time.Second), Format: tar.FormatPAX,
	})
}

// close writes the manifest and ends the backup.
func (a *archiveWriter) close() error {
	text, err := json.MarshalIndent(a.manifest, "", "  ")
	if err != nil {
		return err
	}
	if err := a.header(manifestName, int64(len(text)), a.manifest.CreatedAt); err != nil {
		return err
	}
	_, err = a.tar.Write(text)
	return errors.Join(err, a.tar.Close(), a.zip.Close())
}

// unpack writes every entry of a backup to the place that place names, and
// fails unless the backup is whole and every entry is what its manifest says.
func unpack(r io.Reader, place func(name string) string) (*manifest, error) {
	zip, err := gzip.NewReader(r)
	if err != nil {
		return nil, fmt.Errorf("it is not a backup: %w", err)
	}
	var m *manifest
	found := map[string]entry{}
	for entries := tar.NewReader(zip); ; {
		header, err := entries.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, fmt.Errorf("it is cut off or damaged: %w", err)
		}
		if header.Name == manifestName {
			if m, err = readManifest(entries); err != nil {
				return nil, err
			}
			continue
		}
		if err := checkEntry(header); err != nil {
			return nil, err
		}
		if _, twice := found[header.Name]; twice {
			return nil, fmt.Errorf("it holds %s twice", header.Name)
		}
		size, sum, err := extract(entries, place(header.Name))
		if err != nil {
			return nil, fmt.Errorf("%s: it is cut off or damaged: %w", header.Name, err)
		}
		found[header.Name] = entry{header.Name, size, sum}
	}
	// What follows the tar file holds the checksum of gzip.
	if _, err := io.Copy(io.Discard, zip); err != nil {
		return nil, fmt.Errorf("it is cut off or damaged: %w", err)
	}
	if m == nil {
		return nil, errors.New("it is cut off: its list of contents is missing")
	}
	for _, e := range m.Entries {
		if found[e.Name] != e {
			return nil, fmt.Errorf("%s is not what was backed up", e.Name)
		}
		delete(found, e.Name)
	}
	for name := range found {
		return nil, fmt.Errorf("it holds %s, which was not backed up", name)
	}
	return m, nil
}

func readManifest(r io.Reader) (*manifest, error) {
	var m manifest
	if err := json.NewDecoder(io.LimitReader(r, maxManifest)).Decode(&m); err != nil {
		return nil, fmt.Errorf("its list of contents cannot be read: %w", err)
	}
	if m.Program != archiveProgram {
		return nil, errors.New("it is not a backup of this program")
	}
	if m.Format != archiveFormat {
		return nil, fmt.Errorf("it has format %d, and this program reads format %d: restore it with version %s", m.Format, archiveFormat, m.Version)
	}
	return &m, nil
}

// checkEntry refuses what no backup holds, above all a path that leads out of
// the folder it is unpacked in.
func checkEntry(header *tar.Header) error {
	folder, _, _ := strings.Cut(header.Name, "/")
	if header.Typeflag != tar.TypeReg || !filepath.IsLocal(filepath.FromSlash(header.Name)) ||
		!slices.Contains([]string{"database", "uploads", "secrets"}, folder) {
		return fmt.Errorf("it holds %q, which does not belong into a backup", header.Name)
	}
	return nil
}

func extract(r io.Reader, path string) (size int64, sum string, err error) {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return 0, "", err
	}
	file, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return 0, "", err
	}
	hash := sha256.New()
	size, err = io.Copy(io.MultiWriter(file, hash), r)
	return size, hex.EncodeToString(hash.Sum(nil)), errors.Join(err, file.Sync(), file.Close())
}

// syncFolder makes renames in a folder survive a power cut.
func syncFolder(path string) error {
	folder, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(folder.Sync(), folder.Close())
}
