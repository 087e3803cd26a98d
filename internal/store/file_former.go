package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"net/url"
	"path"
	"regexp"
	"slices"
	"strings"

	"ampedfieldops/internal/fieldops"
)

// driveFile is the id of a file that a link to Google Drive leads to, in the forms
// that Drive itself, its API (webViewLink, webContentLink, thumbnailLink) and the
// former product gave out.
func driveFile(address string) (id string, ok bool) {
	u, err := url.Parse(address)
	if err != nil || u.Scheme != "https" {
		return "", false
	}
	switch u.Hostname() {
	case "drive.google.com", "docs.google.com", "drive.usercontent.google.com":
		if id = u.Query().Get("id"); id == "" {
			id = afterPart(u.Path, "d")
		}
	case "lh3.googleusercontent.com":
		id = afterPart(u.Path, "d")
	}
	return id, driveID.MatchString(id)
}

var driveID = regexp.MustCompile(`^[A-Za-z0-9_-]+$`)

// afterPart is the part of a path behind the first that is called so.
func afterPart(in, part string) string {
	parts := strings.Split(in, "/")
	if at := slices.Index(parts, part); at >= 0 && at+1 < len(parts) {
		return parts[at+1]
	}
	return ""
}

// formerFile tells where the bytes of a picture lie that an earlier version has
// named by an address; ok is false when that is none of ours to keep.
func formerFile(id fieldops.ID, address string) (f fieldops.StoredFile, ok bool) {
	f = fieldops.StoredFile{ID: id}
	if drive, ours := driveFile(address); ours {
		f.Place, f.Ref, f.Path, f.Name = fieldops.PlaceDrive, drive, "/uploads/former/"+drive, "Photo"
		return f, true
	}
	if key, ours := strings.CutPrefix(address, "/uploads/"); ours {
		f.Place, f.Ref, f.Path = fieldops.PlaceLocal, key, address
	} else if key, ours := s3Key(address); ours {
		f.Place, f.Ref, f.Path = fieldops.PlaceS3, key, "/uploads/"+strings.TrimPrefix(key, "uploads/")
	} else {
		return f, false
	}
	f.Name = path.Base(f.Ref)
	f.Extension = strings.ToLower(strings.TrimPrefix(path.Ext(f.Ref), "."))
	return f, f.Ref != "" && !strings.ContainsRune(f.Ref, 0)
}

// s3Key is the key of an object that a link to S3 leads to, whether or not the
// link is still good: https://docs.aws.amazon.com/AmazonS3/latest/userguide/VirtualHosting.html.
func s3Key(address string) (key string, ok bool) {
	u, err := url.Parse(address)
	if err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http" {
		return "", false
	}
	key = strings.TrimPrefix(u.Path, "/")
	query := u.Query()
	signed := query.Has("X-Amz-Signature") || query.Has("Signature") && query.Has("AWSAccessKeyId")
	amazon := strings.HasSuffix(u.Hostname(), ".amazonaws.com")
	if !amazon && !signed {
		return "", false
	}
	first, _, _ := strings.Cut(u.Hostname(), ".")
	if !amazon || first == "s3" || strings.HasPrefix(first, "s3-") {
		if _, key, ok = strings.Cut(key, "/"); !ok { // the bucket stands in the path
			return "", false
		}
	}
	return key, key != ""
}

// adoptFormerFiles writes down the pictures that timesheets name and that earlier
// versions kept without writing anything down. A link to another's store becomes
// an address of ours, under which that store is asked. It does nothing once a
// file is written down.
func adoptFormerFiles(ctx context.Context, tx *sql.Tx, engine Engine) error {
	r := reads{q: tx, engine: engine}
	var known int
	if err := tx.QueryRowContext(ctx, "select count(*) from (select id from stored_files limit 1) f").Scan(&known); err != nil || known > 0 {
		return err
	}
	type entry struct {
		id, images string
		user       *fieldops.ID
		at         fieldops.Time
	}
	for after := ""; ; {
		w := &where{}
		w.and("cast(image_urls as text) <> '[]'")
		if after != "" {
			w.and("id > ?", after)
		}
		entries, err := collect(ctx, r, "select id, cast(image_urls as text), user_id, created_at from /* deleted too */ timesheets where "+w.String()+" order by id limit 500", w.args,
			func(rows *sql.Rows, e *entry) error { return rows.Scan(&e.id, &e.images, &e.user, &e.at) })
		if err != nil || len(entries) == 0 {
			return err
		}
		var files []fieldops.StoredFile
		for _, e := range entries {
			var urls []string
			if err := json.Unmarshal([]byte(e.images), &urls); err != nil {
				return fmt.Errorf("the images of timesheet %s: %w", e.id, err)
			}
			changed := false
			for i, address := range urls {
				f, ours := formerFile(fieldops.NewID(), address)
				if !ours {
					continue
				}
				f.RecordKind, f.RecordID, f.UploadedBy, f.CreatedAt = fieldops.RecordTimesheet, &e.id, e.user, e.at
				files = append(files, f)
				changed = changed || address != f.Path
				urls[i] = f.Path
			}
			if !changed {
				continue
			}
			text, err := imageText(urls)
			if err != nil {
				return err
			}
			if _, err := tx.ExecContext(ctx, "update timesheets set image_urls = $1 where id = $2", text, e.id); err != nil {
				return err
			}
		}
		if err := adopt(ctx, tx, files); err != nil {
			return err
		}
		after = entries[len(entries)-1].id
	}
}

// adopt writes down files. Those that several records name are written down once.
// A size that nobody has told is unknown.
func adopt(ctx context.Context, tx querier, files []fieldops.StoredFile) error {
	for some := range slices.Chunk(files, fillTogether) {
		w := &where{}
		rows := make([]string, len(some))
		for i := range some {
			f := &some[i]
			rows[i] = w.row(f.ID, f.Path, string(f.Place), f.Ref, f.Name, f.Extension, "", sizeOrNull(f.Size), string(f.RecordKind), f.RecordID, f.UploadedBy, f.CreatedAt)
		}
		if _, err := tx.ExecContext(ctx, `insert into stored_files (id, path, place, ref, file_name, extension, content_type, size, record_kind, record_id, uploaded_by, created_at)
			values `+strings.Join(rows, ", ")+" on conflict do nothing", w.args...); err != nil {
			return err
		}
	}
	return nil
}

func sizeOrNull(size int64) *int64 {
	if size <= 0 {
		return nil
	}
	return &size
}
